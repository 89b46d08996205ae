/**
 * Writes the types of the API from the document that the installation serves: `npm run api`. With `--check`, only says
 * whether they are what they should be.
 */
import { readFileSync, writeFileSync } from "node:fs";
import openapi, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { Installation } from "./installation";

const path = new URL("../src/api/schema.d.ts", import.meta.url);
const roster = await Installation.start();
try {
    const types = COMMENT_HEADER + astToString(await openapi(new URL("/openapi.json", roster.url)));
    if (!process.argv.includes("--check")) writeFileSync(path, types);
    else if (readFileSync(path, "utf8") !== types) {
        console.error("The types of the API are stale: run `npm run api` in console/ and commit src/api/schema.d.ts.");
        process.exitCode = 1;
    }
} finally {
    roster.stop();
}
