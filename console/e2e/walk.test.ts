/** Every page on a bad day: a slow network, a server that fails, no network at all, no mouse. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { assertQuiet, launch, signIn, visitor } from "./browser";
import { Installation } from "./installation";

let browser: Browser;
let roster: Installation;
let page: Page;
let guest: Page;
let user: string;
/** The link of an invite that nobody has accepted. */
let invite: string;
const pages = ["/start", "/users", "/users/import", "/invites", "/apps", "/apps/wiki", "/activity", "/settings/email", "/settings/templates", "/settings/security", "/settings/api-keys", "/settings/webhooks", "/mailbox", "/account"];
/** They read nothing that they could not do without. */
const quiet = ["/start", "/users/import"];
/** Who sees which pages that read something. */
const reading = () => [...pages.filter((path) => !quiet.includes(path)).map((path) => [page, path] as const), [guest, invite] as const];
const everything = () => [...pages.map((path) => [page, path] as const), ...["/sign-in", "/forgotten-password", "/reset-password#token=some", invite].map((path) => [guest, path] as const)];

before(async () => {
    browser = await launch();
    roster = await Installation.start();
    const token = await roster.setUp();
    await roster.configureEmail(token);
    await roster.call("POST", "/v1/apps", { slug: "wiki", name: "Wiki" }, token);
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada Lovelace", app_roles: { wiki: "basic" } }, token);
    user = `/users/${body.user.id}`;
    pages.push(user);
    await roster.call("POST", "/v1/invites", { email: "alan@example.com", name: "Alan Turing" }, token);
    invite = await roster.link("alan@example.com");
    const webhook = await roster.call("POST", "/v1/webhooks", { url: "http://127.0.0.1:9/nobody-is-there", event_types: ["user.deleted"] }, token);
    pages.push(`/settings/webhooks/${webhook.body.webhook.id}`);
    page = await visitor(browser, roster.url);
    await signIn(page, "grace@example.com");
    guest = await visitor(browser, roster.url);
});
after(async () => {
    await browser?.close();
    roster?.stop();
});

/** How many pages are open at once: while one waits to ask again, others load. More would wait for the processor instead. */
const TABS = 4;
/** What a page reads, but not who is signed in. */
const isRead = (url: URL) => /^\/(v1|_local)\//.test(url.pathname) && url.pathname !== "/v1/session";

test("a page whose answers are on their way says so", async () => {
    for (const [page, path] of reading()) {
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
    assertQuiet(guest);
});

for (const [what, said] of [
    ["fails", /went wrong|answered 500/],
    ["cannot be reached", /network|offline|connection/i],
] as const) {
    test(`where the server ${what}, a page says so, and goes on when it is asked to`, async () => {
        const walk = async (person: Page, path: string) => {
            const page = await person.context().newPage();
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
            await again.evaluateAll((buttons: HTMLElement[]) => buttons.forEach((button) => button.click()));
            await again.first().waitFor({ state: "detached" }).catch(() => assert.fail(`${path} does not go on`));
            await page.close();
        };
        const left = reading();
        const tab = async () => {
            for (let next = left.shift(); next; next = left.shift()) await walk(...next);
        };
        await Promise.all(Array.from({ length: TABS }, tab));
        assertQuiet(page);
        assertQuiet(guest);
    });
}

test("the keyboard reaches everything, and shows where it is", async () => {
    for (const [page, path] of everything()) {
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
        [user, "Actions", "menu"],
        [user, "Delete user", "dialog"],
        [user, "Wiki", "dialog"],
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
        await page
            .waitForFunction((opener) => opener === document.activeElement, await opener.elementHandle())
            .catch(() => assert.fail(`${path}: after ${button}`));
    }
});
