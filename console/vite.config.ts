import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { themeCss } from "./src/theme.css";

/** Writes the theme into the style sheet. In the browser, Mantine would work it out anew at each start. */
function themed(): Plugin {
    return {
        name: "themed",
        enforce: "pre",
        transform: { filter: { id: /\/mantine\.css$/ }, handler: (code) => code + themeCss },
    };
}

/** Lets the page name all that the start needs, so that none of it waits for the first script to ask for it. */
function preloaded(): Plugin {
    return {
        name: "preloaded",
        apply: "build",
        transformIndexHtml: {
            order: "post",
            handler: (html, { bundle = {}, filename }) => {
                if (!filename.endsWith("index.html")) return html;
                const main = Object.values(bundle).find((chunk) => chunk.type === "chunk" && chunk.name === "main");
                if (main?.type !== "chunk") throw new Error("there is no chunk of main.tsx");
                const files = [main.fileName, ...main.imports];
                const styles = files.flatMap((file) => [...(bundle[file]?.viteMetadata?.importedCss ?? [])]);
                const link = (attrs: Record<string, string | boolean>) => ({ tag: "link", attrs: { ...attrs, crossorigin: true }, injectTo: "head" as const });
                return [
                    ...files.map((file) => link({ rel: "modulepreload", href: `/${file}` })),
                    ...styles.map((file) => link({ rel: "stylesheet", href: `/${file}` })),
                ];
            },
        },
    };
}

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
    plugins: [react(), themed(), preloaded(), compressed()],
    build: {
        target: "es2022",
        emptyOutDir: true,
        // A file inlined as data: would not pass the content security policy.
        assetsInlineLimit: 0,
        reportCompressedSize: false,
        modulePreload: { polyfill: false },
        rolldownOptions: {
            input: ["index.html", "docs.html"],
            output: {
                // What pages share comes in a few files, not in thirty; guests do without what opens above a page.
                codeSplitting: {
                    groups: [
                        { name: "routes", test: /\/src\/routes|preload-helper/, priority: 1 },
                        { name: "react", test: /node_modules\/(react|react-dom|scheduler|@tanstack|openapi-fetch)\// },
                        {
                            name: "ui",
                            test: /node_modules\/@mantine\/(hooks|core\/esm\/(core|components\/(ActionIcon|Alert|Anchor|Button|CloseButton|Combobox\/ComboboxChevron|Input|Loader|NativeSelect|PasswordInput|Skeleton|Text|TextInput|Transition|UnstyledButton)))\//,
                        },
                        { name: "icons", test: /node_modules\/@tabler\//, minShareCount: 2 },
                        { name: "layers", test: /node_modules\//, minShareCount: 3 },
                        { name: "shared", test: /\/src\/(?!pages|docs|start|main|components\/(Layers|Dialogs|SignInAgain))/ },
                    ],
                },
            },
        },
    },
    server: { proxy: { "/v1": installation, "/_local": installation, "/openapi.json": installation } },
});
