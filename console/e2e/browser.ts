/** Debian's Chromium, and what every page has to keep to. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { PASSWORD } from "./installation";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launch(): Promise<Browser> {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    });
}

/** What pages said that they should not: errors, and what the content security policy stopped. */
const complaints = new WeakMap<BrowserContext, string[]>();

/** A person at a browser of their own. */
export async function visitor(browser: Browser, url: string, size = { width: 1280, height: 860 }): Promise<Page> {
    const context = await browser.newContext({
        baseURL: url,
        viewport: size,
        permissions: ["clipboard-read", "clipboard-write"],
        // What fades out would be looked at half way.
        reducedMotion: "reduce",
    });
    const said: string[] = [];
    complaints.set(context, said);
    context.on("page", (page) => {
        page.setDefaultTimeout(10_000);
        page.on("pageerror", (error) => said.push(String(error)));
        page.on("console", (message) => {
            // A refusal of the API is an answer, and Chromium calls it an error.
            if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) said.push(message.text());
        });
    });
    return context.newPage();
}

export async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
    await page.goto("/sign-in");
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** Asserts that nothing was wrong in a person's browser. */
export function assertQuiet(page: Page): void {
    assert.deepEqual(complaints.get(page.context()), []);
}

/** Asserts that axe finds nothing on a page, when it has come to rest. */
export async function assertAccessible(page: Page, name: string): Promise<void> {
    await atRest(page);
    // Evaluated by the debugger, as no script of a foreign source may run in the page.
    const session = await page.context().newCDPSession(page);
    await session.send("Runtime.evaluate", { expression: axe });
    const { result } = await session.send("Runtime.evaluate", {
        expression: `axe.run(document, { iframes: false }).then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 5).map(({ html, failureSummary }) => html + " :: " + failureSummary) }))))`,
        awaitPromise: true,
    });
    await session.detach();
    assert.equal(result.value, "[]", `axe on ${name}`);
}

/** Waits until nothing loads or moves. */
export async function atRest(page: Page): Promise<void> {
    await page.waitForLoadState("networkidle").catch(() => undefined);
    await page.waitForFunction(() => document.querySelector("[role=status] .hidden, [aria-busy=true]") === null).catch(() => undefined);
    await page.evaluate(() => Promise.all(document.getAnimations().filter((animation) => animation.effect?.getComputedTiming().iterations !== Infinity).map((animation) => animation.finished.catch(() => undefined))));
    await page.waitForTimeout(50);
}

/** Screenshots of a page: light, dark, and on a phone. */
export async function photograph(page: Page, name: string): Promise<void> {
    const size = page.viewportSize()!;
    for (const [kind, scheme, viewport] of [
        ["light", "light", size],
        ["dark", "dark", size],
        ["phone", "light", { width: 360, height: 740 }],
    ] as const) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.setViewportSize(viewport);
        await atRest(page);
        await page.screenshot({ path: `e2e/screenshots/${name}-${kind}.png`, fullPage: true });
        if (kind === "phone") {
            const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
            assert.equal(isWide, false, `${name} is wider than a phone`);
        }
        if (kind === "dark") await assertAccessible(page, `${name} in the dark`);
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(size);
}

/** A page as it is looked at: by axe, and by whoever opens the screenshots. */
export async function look(page: Page, name: string): Promise<void> {
    await assertAccessible(page, name);
    await photograph(page, name);
}
