// Calls tools through the official TypeScript SDK, as most programs with a language model do.
//
// node mcp_client.cjs NODE_MODULES CALLS COMMAND …: starts the command, lists its tools, makes the calls ([[name,
// arguments], …] as JSON), and prints what it got as JSON. An address in place of a command is asked over HTTP. The SDK
// checks every answer; Ajv checks it again in both of its dialects, which refuse a schema that uses words they don't
// know.
const { createRequire } = require("node:module");
const [modules, calls, command, ...args] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { Client } = load("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = load("@modelcontextprotocol/sdk/client/stdio.js");
const { StreamableHTTPClientTransport } = load("@modelcontextprotocol/sdk/client/streamableHttp.js");
const dialects = { "draft-07": load("ajv").default, "2020-12": load("ajv/dist/2020").default };

function problems(schema, value) {
  return Object.entries(dialects).flatMap(([dialect, Ajv]) => {
    try {
      const validate = new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);
      return validate(value) ? [] : [`${dialect}: ${JSON.stringify(validate.errors)}`];
    } catch (error) {
      return [`${dialect}: ${error.message}`];
    }
  });
}

async function main() {
  const client = new Client({ name: "test", version: "1" });
  const overHttp = command.startsWith("http://") && new StreamableHTTPClientTransport(new URL(command));
  await client.connect(overHttp || new StdioClientTransport({ command, args, env: process.env }));
  const { tools } = await client.listTools();
  const results = [];
  for (const [name, given] of JSON.parse(calls)) {
    const tool = tools.find((tool) => tool.name === name);
    const result = { name, problems: problems(tool.inputSchema, given) };
    try {
      const answer = await client.callTool({ name, arguments: given });
      result.answer = answer.structuredContent ?? null;
      result.problems.push(...problems(tool.outputSchema, answer.structuredContent));
    } catch (error) {
      result.problems.push(`SDK: ${error.message}`);
    }
    results.push(result);
  }
  await client.close();
  console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), results }));
}

main();
