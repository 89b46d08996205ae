
interface Props extends React.ComponentProps<"iframe"> {
    html: string;
    title: string;
    isDark?: boolean;
    /** What else a mail may do; scripts never. */
    sandbox?: string;
}

/**
 * A mail as mail programs show it: shut off from this page, without scripts. The frame inherits our content security
 * policy, which lets no style of a mail in. So the styles are taken out and put in force through the object model.
 */
export function MailFrame({ html, isDark = false, sandbox = "allow-same-origin", ...props }: Props) {
    const { page, sheets } = withoutStyles(html);
    const apply = ({ contentDocument }: HTMLIFrameElement) => {
        const view = contentDocument?.defaultView;
        if (!view) return;
        contentDocument.adoptedStyleSheets = sheets.map((css) => {
            const sheet = new view.CSSStyleSheet();
            sheet.replaceSync(inScheme(css, isDark));
            return sheet;
        });
        for (const element of contentDocument.querySelectorAll<HTMLElement>("[data-style]")) {
            element.style.cssText = element.dataset.style ?? "";
        }
    };
    return <iframe key={`${isDark} ${html}`} {...props} sandbox={sandbox} srcDoc={page} onLoad={(event) => apply(event.currentTarget)} />;
}

/** A mail with each style="…" as data-style="…", and its sheets beside it. */
function withoutStyles(html: string): { page: string; sheets: string[] } {
    const sheets: string[] = [];
    const page = html
        .replace(/<style[^>]*>([\s\S]*?)<\/style>/gi, (_, css: string) => {
            sheets.push(css);
            return "";
        })
        .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle\s*=/gi, " data-style="));
    return { page, sheets };
}

/** The rules of a mail as they are in light or dark, whatever this page is in. */
function inScheme(css: string, isDark: boolean): string {
    return css.replaceAll(/\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/g, (_, scheme) =>
        (scheme === "dark") === isDark ? "(min-width: 0)" : "(max-width: 0)",
    );
}
