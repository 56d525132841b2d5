use serde_json::Value;

use crate::Template;

const QUEUE: &str = "AWS::SQS::Queue";
const MAPPING: &str = "AWS::Lambda::EventSourceMapping";

fn arn(queue: &str) -> String {
    format!("${{{queue}.Arn}}")
}

/// The queues that take what failed elsewhere: in another queue, or in a function that is called without one.
fn dead_letter_queues(template: &Template) -> Vec<&str> {
    let of_queues = template.all(QUEUE).map(|(_, queue)| &queue["RedrivePolicy"]["deadLetterTargetArn"]);
    let of_functions = template.functions().map(|function| {
        &function.property("EventInvokeConfig")["DestinationConfig"]["OnFailure"]["Destination"]
    });
    let named: Vec<&Value> = of_queues.chain(of_functions).collect();
    let is_named = |queue: &str| named.iter().any(|target| **target == arn(queue).as_str());
    template.all(QUEUE).map(|(name, _)| name).filter(|name| is_named(name)).collect()
}

#[test]
fn every_queue_has_dead_letters_or_takes_them() {
    let template = Template::default();
    let of_others = dead_letter_queues(&template);
    for (name, queue) in template.all(QUEUE) {
        let redrive = &queue["RedrivePolicy"];
        assert!(redrive.is_object() || of_others.contains(&name), "{name} has no dead-letter queue");
        assert!(
            redrive.is_null() || redrive["maxReceiveCount"] == 5,
            "{name}: as make_queues() of infra/local"
        );
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{name} is not encrypted");
    }
}

#[test]
fn an_alarm_watches_every_dead_letter_queue() {
    let template = Template::default();
    for queue in dead_letter_queues(&template) {
        let name = format!("${{{queue}.QueueName}}");
        let watched = template.all("AWS::CloudWatch::Alarm").any(|(_, alarm)| {
            alarm["Dimensions"][0]["Value"] == name.as_str()
                && alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        });
        assert!(watched, "no alarm watches {queue}");
    }
}

#[test]
fn a_message_stays_hidden_for_six_times_as_long_as_it_may_be_worked_on() {
    let template = Template::default();
    let mut mappings = 0;
    for (name, mapping) in template.all(MAPPING) {
        let worker = mapping["FunctionName"].as_str().unwrap().trim_matches(['$', '{', '}']);
        let worker = template.functions().find(|function| function.name == worker).unwrap();
        let (_, queue) =
            template.all(QUEUE).find(|(queue, _)| mapping["EventSourceArn"] == arn(queue)).unwrap();
        let hidden = queue["VisibilityTimeout"].as_u64().unwrap();
        assert!(
            hidden >= 6 * worker.property("Timeout").as_u64().unwrap(),
            "{name}: {hidden} s are too short"
        );
        mappings += 1;
    }
    assert_eq!(mappings, 2, "workers of runs and of dead letters");
}

#[test]
fn messages_fail_one_by_one_and_workers_are_bounded() {
    let template = Template::default();
    for (name, mapping) in template.all(MAPPING) {
        assert_eq!(mapping["FunctionResponseTypes"][0], "ReportBatchItemFailures", "{name}");
        assert!(!mapping["ScalingConfig"]["MaximumConcurrency"].is_null(), "{name} is not bounded");
    }
    let runs = template.resource("SyncWorkerMessages");
    assert_eq!(runs["Properties"]["BatchSize"], 1, "a quick run must not wait behind a long one");
}

#[test]
fn a_worker_may_take_the_messages_that_it_gets() {
    let template = Template::default();
    for (name, mapping) in template.all(MAPPING) {
        let worker = mapping["FunctionName"].as_str().unwrap().trim_matches(['$', '{', '}']);
        let policy = template.functions().find(|function| function.name == worker).unwrap().policy();
        for action in ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"] {
            let granted = policy.statements.iter().any(|statement| {
                statement.actions.iter().any(|granted| granted == action)
                    && mapping["EventSourceArn"].as_str().is_some_and(|arn| statement.resources == [arn])
            });
            assert!(granted, "{name} needs {action}");
        }
    }
}
