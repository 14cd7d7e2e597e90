// The least that runs a handler in Lambda: AWS's own client of the runtime's API is in part C++, which a machine must be
// able to compile. It does less at its start than that one does.
import { Agent, request } from "node:http";

import { handler } from "./put.mjs";

const agent = new Agent({ keepAlive: true });

const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const url = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/${path}`;
    const sent = request(url, { agent, method }, (answer) => {
      let text = "";
      answer.on("data", (part) => (text += part));
      answer.on("end", () => resolve({ id: answer.headers["lambda-runtime-aws-request-id"], text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });

const run = async () => {
  for (;;) {
    const { id, text } = await call("GET", "next");
    try {
      await call("POST", `${id}/response`, JSON.stringify(await handler(JSON.parse(text))));
    } catch (problem) {
      await call("POST", `${id}/error`, JSON.stringify({ errorMessage: String(problem), errorType: "Error" }));
    }
  }
};

run();
