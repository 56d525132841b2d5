// `GET /erp/connections/{id}` as a function of Node's Lambda runtime over the AWS SDK would be. It does less than ours: it
// checks no token. The loop has the shape of aws-lambda-ric's, which itself does not install without a C++ toolchain and
// Node's headers; the real one has more to do.

import { request } from "node:http";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";

const table = process.env.CAUSEWAY_TABLE;
const dynamodb = new DynamoDBClient({});

const answer = (statusCode, body) => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

async function handler(event) {
  const Key = { pk: { S: "erp_connection" }, sk: { S: event.pathParameters.id } };
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key }));
  if (!Item) return answer(404, { error: "There is no such connection.", code: "NOT_FOUND" });
  return answer(200, plain({ M: Item }));
}

// A DynamoDB value as JSON; what is sealed as a mask.
function plain(value) {
  const [kind, inner] = Object.entries(value)[0];
  switch (kind) {
    case "M": return Object.fromEntries(Object.entries(inner).map(([name, member]) => [name, plain(member)]));
    case "L": return inner.map(plain);
    case "N": return Number(inner);
    case "B": return "••••••••";
    case "NULL": return null;
    default: return inner;
  }
}

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const invocation = "/2018-06-01/runtime/invocation";

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path: `${invocation}/${path}` }, async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      resolve({ id: response.headers["lambda-runtime-aws-request-id"], text });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

for (;;) {
  const { id, text } = await call("GET", "next");
  const answered = await handler(JSON.parse(text));
  await call("POST", `${id}/response`, JSON.stringify(answered));
}
