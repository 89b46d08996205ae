import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import typescript from "typescript-eslint";

export default defineConfig(
    { ignores: ["node_modules", "e2e/screenshots", "src/api/schema.d.ts"] },
    js.configs.recommended,
    typescript.configs.recommended,
    hooks.configs.flat.recommended,
);
