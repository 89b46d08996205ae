import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Replaces every text file of the build by its compressed copy: what the binary embeds. */
function compressed(): Plugin {
    let directory = "";
    return {
        name: "compressed",
        apply: "build",
        configResolved: (config) => void (directory = config.build.outDir),
        closeBundle() {
            for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
                const path = join(directory, name);
                if (/\.(css|html|js|svg)$/.test(path)) {
                    const bytes = readFileSync(path);
                    const params = {
                        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
                        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
                    };
                    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
                    rmSync(path);
                }
            }
        },
    };
}

/** `npm run dev` shows the sources against a local installation. */
const installation = process.env.ROSTER_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
    plugins: [react(), compressed()],
    build: {
        target: "es2022",
        emptyOutDir: true,
        // A file inlined as data: would not pass the content security policy.
        assetsInlineLimit: 0,
        reportCompressedSize: false,
        rolldownOptions: {
            input: ["index.html", "docs.html"],
            output: {
                // What all pages need comes in two files, not in twenty.
                codeSplitting: {
                    groups: [
                        { name: "react", test: /node_modules\/(react|react-dom|react-router|scheduler|@tanstack|openapi-fetch)\// },
                        { name: "ui", test: /node_modules\//, minShareCount: 3 },
                    ],
                },
            },
        },
    },
    server: { proxy: { "/v1": installation, "/_local": installation, "/openapi.json": installation } },
});
