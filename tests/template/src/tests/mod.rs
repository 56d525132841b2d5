mod functions;
mod permissions;
mod policies;
mod programs;
mod queues;
mod routes;
