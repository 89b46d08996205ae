/** The theme as the variables that Mantine's styles refer to. The build writes them into the style sheet. */
import {
    convertCssVariables,
    DEFAULT_THEME,
    defaultCssVariablesResolver,
    mergeMantineTheme,
    type CSSVariablesResolver,
} from "@mantine/core";
import { theme } from "./theme";

const variables: CSSVariablesResolver = (theme) => {
    const resolved = defaultCssVariablesResolver(theme);
    return {
        variables: resolved.variables,
        light: {
            ...resolved.light,
            "--mantine-color-text": "#1d2330",
            "--mantine-color-dimmed": "#5f6878",
            "--mantine-color-placeholder": "#6f7888",
            "--mantine-color-error": "#c02626",
            "--mantine-color-anchor": "#274cb5",
        },
        dark: {
            ...resolved.dark,
            "--mantine-color-text": "#dfe3ea",
            "--mantine-color-body": "#171a20",
            "--mantine-color-dimmed": "#9ba4b5",
            "--mantine-color-placeholder": "#8a94a5",
            "--mantine-color-error": "#ff8f8f",
            "--mantine-color-anchor": "#93adf5",
        },
    };
};

/** The palettes that we use: each of Mantine's others would be twenty variables. */
const PALETTES = ["accent", "danger", "gray", "dark", "yellow"];
const whole = mergeMantineTheme(DEFAULT_THEME, theme);
const colors = Object.fromEntries(Object.entries(whole.colors).filter(([name]) => PALETTES.includes(name))) as typeof whole.colors;

export const themeCss = convertCssVariables(variables({ ...whole, colors }));
