/** Every page on a bad day: a slow network, a server that fails, no network at all, no mouse. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { assertQuiet, launch, signIn, visitor } from "./browser";
import { Installation } from "./installation";

let browser: Browser;
let roster: Installation;
let page: Page;
const pages = ["/start", "/users", "/users/import", "/invites", "/apps", "/apps/wiki", "/activity", "/settings/email", "/settings/templates", "/settings/security", "/settings/api-keys", "/settings/webhooks", "/account"];
/** They read nothing that they could not do without. */
const quiet = ["/start", "/users/import"];
const reading = () => pages.filter((path) => !quiet.includes(path));

before(async () => {
    browser = await launch();
    roster = await Installation.start();
    const token = await roster.setUp();
    await roster.configureEmail(token);
    await roster.call("POST", "/v1/apps", { slug: "wiki", name: "Wiki" }, token);
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada Lovelace", app_roles: { wiki: "basic" } }, token);
    pages.push(`/users/${body.user.id}`);
    await roster.call("POST", "/v1/invites", { email: "alan@example.com", name: "Alan Turing" }, token);
    page = await visitor(browser, roster.url);
    await signIn(page, "grace@example.com");
});
after(async () => {
    await browser?.close();
    roster?.stop();
});

/** What a page reads, but not who is signed in. */
const isRead = (url: URL) => url.pathname.startsWith("/v1/") && url.pathname !== "/v1/session";

test("a page whose answers are on their way says so", async () => {
    for (const path of reading()) {
        let answer = () => {};
        const held = new Promise<void>((resolve) => (answer = resolve));
        await page.route(isRead, async (route) => {
            await held;
            await route.continue();
        });
        await page.goto(path);
        await page.locator("main [role=status]").first().waitFor({ timeout: 5_000 }).catch(() => assert.fail(`${path} does not say that it loads`));
        answer();
        await page.locator("main [role=status]").first().waitFor({ state: "detached" });
        await page.unrouteAll({ behavior: "wait" });
    }
    assertQuiet(page);
});

for (const [what, said] of [
    ["fails", /went wrong|try again/i],
    ["cannot be reached", /network|offline|connection/i],
] as const) {
    test(`where the server ${what}, a page says so, and goes on when it is asked to`, async () => {
        for (const path of reading()) {
            await page.route(isRead, (route) =>
                what === "fails"
                    ? route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify({ type: "about:blank", title: "Something went wrong", status: 500, detail: "Something went wrong. Try again." }) })
                    : route.abort("internetdisconnected"),
            );
            await page.goto(path);
            const again = page.locator("main").getByRole("button", { name: "Try again" });
            await again.first().waitFor().catch(() => assert.fail(`${path} does not say that it failed`));
            assert.match(await page.locator("main").innerText(), said, path);
            await page.unrouteAll({ behavior: "wait" });
            while (await again.count()) {
                await again.first().click();
                await page.locator("main [role=status]").first().waitFor({ state: "detached" });
                await page.waitForTimeout(100);
            }
        }
        assertQuiet(page);
    });
}

test("the keyboard reaches everything, and shows where it is", async () => {
    for (const path of pages) {
        await page.goto(path);
        await page.locator("main h1").waitFor();
        await page.locator("main [role=status]").first().waitFor({ state: "detached" });
        const all = await page.evaluate(() => {
            const tabbable = [...document.querySelectorAll<HTMLElement>("a[href], button, input, select, textarea, [tabindex='0']")].filter(
                (element) => element.tabIndex === 0 && !element.matches(":disabled") && element.checkVisibility({ visibilityProperty: true }),
            );
            // Of a group of radio buttons, one is reached.
            const wanted = tabbable.filter((element) => !(element instanceof HTMLInputElement && element.type === "radio" && !element.checked));
            wanted.forEach((element, at) => (element.dataset.wanted = String(at)));
            (document.activeElement as HTMLElement).blur();
            return wanted.map((element) => element.outerHTML.slice(0, 120));
        });
        const reached = new Set<number>();
        // A date has stops of its own for day, month and year.
        for (let tabs = 0; tabs < 2 * all.length && reached.size < all.length; tabs++) {
            await page.keyboard.press("Tab");
            const { at, isShown, html } = await page.evaluate(() => {
                const element = document.activeElement as HTMLElement;
                const isText = element.matches("input, select, textarea");
                const marks = [getComputedStyle(element), getComputedStyle(element, "::after")];
                return {
                    at: element.dataset.wanted,
                    html: element.outerHTML.slice(0, 120),
                    isShown: element === document.body || isText || marks.some((style) => style.outlineStyle !== "none"),
                };
            });
            if (at !== undefined) reached.add(Number(at));
            assert.ok(isShown, `${path}: nobody sees that the keyboard is at ${html}`);
        }
        assert.deepEqual(all.filter((_, at) => !reached.has(at)), [], `${path}: what the keyboard does not reach`);
    }
});

test("what opens above a page takes the focus, closes with Escape and gives the focus back", async () => {
    for (const [path, button, kind] of [
        ["/users", "Add users", "menu"],
        [pages.at(-1)!, "Actions", "menu"],
        [pages.at(-1)!, "Delete user", "dialog"],
        [pages.at(-1)!, "Wiki", "dialog"],
        ["/apps", "New app", "dialog"],
        ["/settings/api-keys", "New API key", "dialog"],
        ["/settings/webhooks", "New webhook", "dialog"],
    ] as const) {
        await page.goto(path);
        const opener = page.locator("main").getByRole("button", { name: button, exact: true }).first();
        await opener.focus();
        await page.keyboard.press("Enter");
        const opened = page.getByRole(kind);
        await opened.waitFor();
        await page.waitForFunction((role) => document.activeElement?.closest(`[role=${role}]`) !== null, kind);
        await page.keyboard.press("Escape");
        await opened.waitFor({ state: "hidden" });
        await page.waitForTimeout(100);
        assert.equal(await opener.evaluate((element) => element === document.activeElement), true, `${path}: after ${button}`);
    }
});
