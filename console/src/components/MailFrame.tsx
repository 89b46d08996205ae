
interface Props extends React.ComponentProps<"iframe"> {
    html: string;
    title: string;
    isDark?: boolean;
    /** What else a mail may do; scripts never. */
    sandbox?: string;
}

/**
 * A mail as mail programs show it: shut off from this page, without scripts. The frame inherits our content security
 * policy, which would drop the styles that mails carry inside; a blob: page of its own would as well. So what a mail
 * says in <style> and style="…" is put in force from outside, through the object model, which no policy forbids.
 */
export function MailFrame({ html, isDark = false, sandbox = "allow-same-origin", ...props }: Props) {
    const apply = (frame: HTMLIFrameElement) => {
        const page = frame.contentDocument;
        const source = new DOMParser().parseFromString(html, "text/html");
        const view = page?.defaultView;
        if (!page || !view) return;
        page.adoptedStyleSheets = [...source.querySelectorAll("style")].map((style) => {
            const sheet = new view.CSSStyleSheet();
            sheet.replaceSync(inScheme(style.textContent, isDark));
            return sheet;
        });
        const given = [...source.body.querySelectorAll<HTMLElement>("[style]")];
        const shown = [...page.body.querySelectorAll<HTMLElement>("[style]")];
        shown.forEach((element, at) => (element.style.cssText = given[at]?.getAttribute("style") ?? ""));
        page.body.style.cssText = source.body.getAttribute("style") ?? "";
    };
    return <iframe key={`${isDark} ${html}`} {...props} sandbox={sandbox} srcDoc={html} onLoad={(event) => apply(event.currentTarget)} />;
}

/** The rules of a mail as they are in light or dark, whatever this page is in. */
function inScheme(css: string, isDark: boolean): string {
    return css.replaceAll(/\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/g, (_, scheme) =>
        (scheme === "dark") === isDark ? "(min-width: 0)" : "(max-width: 0)",
    );
}
