#!/usr/bin/env node
// What teams write instead: a function that reads one item with the AWS SDK for JavaScript. `cargo xtask weight` weighs
// ours against it. The loop is the Runtime API at its barest, so that nothing but Node and the SDK is measured.
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";

const { AWS_LAMBDA_RUNTIME_API, AWS_ENDPOINT_URL_DYNAMODB, ROSTER_TABLE } = process.env;
const runtime = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
const client = new DynamoDBClient({ endpoint: AWS_ENDPOINT_URL_DYNAMODB });
const read = new GetItemCommand({
    TableName: ROSTER_TABLE,
    Key: { pk: { S: "INSTALLATION" }, sk: { S: "INSTALLATION" } },
});

for (;;) {
    const next = await fetch(`${runtime}/next`);
    await next.text();
    const { Item } = await client.send(read);
    const body = JSON.stringify({ statusCode: Item ? 200 : 404 });
    await fetch(`${runtime}/${next.headers.get("lambda-runtime-aws-request-id")}/response`, { method: "POST", body });
}
