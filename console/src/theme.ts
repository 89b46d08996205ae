import { createTheme } from "@mantine/core";
import { texts } from "./texts";

/** Calm greys and one accent. Text colours pass WCAG AA on every surface that they are used on. */
export const theme = createTheme({
    primaryColor: "accent",
    primaryShade: { light: 6, dark: 6 },
    colors: {
        accent: [
            "#eef3fe", "#dce6fd", "#b9cbfa", "#93adf5", "#7192f0", "#4f75e6", "#2f5bd7", "#274cb5", "#203d91", "#182e6d",
        ],
        danger: [
            "#fdf0f0", "#fadcdc", "#f4b8b8", "#f19a9a", "#ff8f8f", "#dd4444", "#c02626", "#a01f1f", "#811919", "#621313",
        ],
        gray: [
            "#f8f9fb", "#f1f3f6", "#e6e9ee", "#d9dde4", "#c3c9d3", "#8a93a3", "#5f6878", "#4b5565", "#323a48", "#1d2330",
        ],
        dark: [
            "#dfe3ea", "#bcc3cf", "#9ba4b5", "#7d8798", "#3a4150", "#2c323e", "#20252d", "#171a20", "#111318", "#0c0e12",
        ],
    },
    defaultRadius: 6,
    fontFamily: "system-ui, sans-serif",
    fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, monospace",
    fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
    headings: { fontWeight: "600" },
    cursorType: "pointer",
    respectReducedMotion: true,
    components: {
        Modal: { defaultProps: { lockScroll: false, centered: false, yOffset: "8vh", radius: 10, overlayProps: { backgroundOpacity: 0.45 }, closeButtonProps: { "aria-label": texts.common.close } } },
        // Its header would be one more of the page where two windows are open.
        ModalHeader: { defaultProps: { component: "div" } },
        Button: { defaultProps: { size: "sm" } },
        TextInput: { defaultProps: { size: "sm" } },
        PasswordInput: { defaultProps: { size: "sm" } },
        NumberInput: { defaultProps: { size: "sm" } },
        Textarea: { defaultProps: { size: "sm" } },
        NativeSelect: { defaultProps: { size: "sm" } },
    },
});
