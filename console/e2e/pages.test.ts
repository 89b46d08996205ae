/** Every page, looked at: axe finds nothing, the policy stops nothing, and the screenshots are there for people. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page, Response } from "playwright-core";
import { assertQuiet, launch, look, signIn, visitor } from "./browser";
import { Installation, PASSWORD } from "./installation";
import { Receiver } from "./receiver";

let browser: Browser;
let roster: Installation;
let page: Page;
let token: string;

before(async () => {
    browser = await launch();
    roster = await Installation.start();
    page = await visitor(browser, roster.url);
});
after(async () => {
    await browser?.close();
    roster?.stop();
});

const show = (path: string, name: string, ready?: (page: Page) => Promise<unknown>) =>
    test(name, async () => {
        await page.goto(path);
        await ready?.(page);
        await look(page, name);
        assertQuiet(page);
    });

test("setup", async () => {
    await page.goto("/");
    await page.waitForURL("**/setup");
    await look(page, "setup");
});

test("a team moves in", async () => {
    token = await roster.setUp();
    await signIn(page, "grace@example.com");
});
test("the first load of the users page is at most 250 kB of compressed script", async () => {
    const first = await visitor(browser, roster.url);
    await first.request.post("/v1/sessions", { headers: { "X-Roster-Request": "1" }, data: { email: "grace@example.com", password: PASSWORD } });
    const scripts: Response[] = [];
    first.on("response", (response) => void (/javascript/.test(response.headers()["content-type"] ?? "") && scripts.push(response)));
    await first.goto("/users");
    await first.getByRole("row", { name: /Grace Hopper/ }).waitFor();
    const sizes = await Promise.all(
        scripts.map(async (script) => {
            assert.equal(script.headers()["content-encoding"], "br", script.url());
            return (await script.request().sizes()).responseBodySize;
        }),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(bytes > 0 && bytes <= 250_000, `${bytes} bytes in ${sizes.length} scripts`);
    await first.context().close();
});
show("/start", "start");
show("/users", "users-first", (page) => page.getByText("Grace Hopper").first().waitFor());
show("/users?add=email", "add-users-unconfigured", (page) => page.getByText("E-mail is not set up yet").waitFor());
show("/settings/email", "settings-email");
show("/apps", "apps-empty");
show("/invites", "invites-empty");
show("/settings/api-keys", "api-keys-empty");
show("/settings/webhooks", "webhooks-empty");
show("/mailbox", "mailbox-empty");
// The viewer is not ours, nor are its colours: axe and the camera pass it by.
test("docs: the API is read and tried out", async () => {
    await page.goto("/docs");
    await page.locator("#operations-Setup-get_setup .opblock-summary-control").click();
    await page.getByRole("button", { name: "Try it out" }).click();
    await page.getByRole("button", { name: "Execute" }).click();
    await page.locator(".live-responses-table").getByText('"required": false').first().waitFor();
    assertQuiet(page);
});

test("the team grows", async () => {
    await roster.configureEmail(token);
    const post = (path: string, body: unknown) => roster.call("POST", path, body, token);
    for (const [slug, name, url] of [
        ["wiki", "Wiki", "https://wiki.example.com"],
        ["crm", "Customer relations", undefined],
        ["warehouse", "Warehouse", "https://warehouse.example.com"],
    ]) {
        await post("/v1/apps", { slug, name, url, description: `What ${name} is for, in a line.` });
    }
    const people = ["Ada Lovelace", "Alan Turing", "Barbara Liskov", "Donald Knuth", "Edsger Dijkstra", "Frances Allen", "John McCarthy", "Margaret Hamilton", "Katherine Johnson", "Tim Berners-Lee", "Radia Perlman", "Leslie Lamport"];
    for (const [at, name] of people.entries()) {
        const email = `${name.toLowerCase().replace(/[^a-z]+/g, ".")}@example.com`;
        const app_roles = at % 3 === 0 ? { wiki: "admin", crm: "basic", warehouse: "power" } : at % 3 === 1 ? { wiki: "basic" } : {};
        const role = at === 1 ? "builder" : "member";
        if (at % 2 === 0) await post("/v1/users", { email, name, role, app_roles });
        else await post("/v1/invites", { email, name, role, app_roles, message: "Welcome aboard!" });
    }
    const ada = (await roster.call("GET", "/v1/users?q=ada", undefined, token)).body.items[0];
    await post(`/v1/users/${ada.id}/suspend`, { reason: "On leave", until: new Date(Date.now() + 864e5 * 20).toISOString() });
    await roster.mail("alan.turing@example.com");
});
show("/users", "users", (page) => page.getByText("Ada Lovelace").waitFor());
show("/users?add=email", "add-users-email", (page) => page.getByRole("combobox", { name: "Warehouse" }).waitFor());
show("/users?add=password", "add-users-password", (page) => page.getByRole("combobox", { name: "Warehouse" }).waitFor());
show("/users?q=nobody", "users-none", (page) => page.getByText("Nobody matches").waitFor());
test("users-selected", async () => {
    await page.goto("/users");
    await page.getByLabel("Select Alan Turing").click();
    await page.getByLabel("Select Barbara Liskov").click();
    await look(page, "users-selected");
});
show("/users/import", "import");
test("user", async () => {
    await page.goto("/users");
    await page.getByRole("link", { name: "Ada Lovelace" }).click();
    await page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
    await look(page, "user-suspended");
    await page.getByRole("button", { name: "Wiki" }).click();
    await look(page, "user-app-role");
    await page.keyboard.press("Escape");
    await page.goto("/users");
    await page.getByRole("link", { name: "Alan Turing" }).click();
    await page.getByRole("heading", { name: "Alan Turing" }).waitFor();
    await look(page, "user-invited");
    assertQuiet(page);
});
show("/invites", "invites", (page) => page.getByRole("link", { name: "Alan Turing" }).waitFor());
show("/apps", "apps", (page) => page.getByRole("link", { name: "Warehouse", exact: true }).waitFor());
show("/apps?new=1", "app-new", (page) => page.getByLabel("Short name").waitFor());
show("/apps/wiki", "app", (page) => page.getByText("Ada Lovelace").waitFor());
show("/activity", "activity", (page) => page.getByText("created the app").first().waitFor());
test("activity-narrowed", async () => {
    const { id } = (await roster.call("GET", "/v1/users?q=radia", undefined, token)).body.items[0];
    await roster.call("PUT", `/v1/users/${id}/app-roles/wiki`, { role: "admin" }, token);
    await roster.call("PATCH", `/v1/users/${id}`, { role: "builder" }, token);
    await page.goto(`/activity?subject=${id}`);
    await page.getByRole("listitem").filter({ hasText: "made Radia Perlman" }).getByRole("button", { name: "Details" }).click();
    await page.getByRole("link", { name: "Only what Grace Hopper did" }).waitFor();
    await look(page, "activity-narrowed");
    assertQuiet(page);
});
show("/settings/email", "settings-email-done");
show("/settings/templates", "settings-templates");
show("/settings/security", "settings-security");
test("api-keys", async () => {
    await page.goto("/settings/api-keys?new=1");
    await page.getByLabel("Name").fill("Nightly import");
    await look(page, "api-key-new");
    await page.getByRole("button", { name: "Create key" }).click();
    await page.getByText("It is shown only now").waitFor();
    await look(page, "api-key-shown");
    await page.getByRole("button", { name: "Done" }).click();
    await look(page, "api-keys");
});
test("webhooks", async (context) => {
    const receiver = await Receiver.start();
    context.after(() => receiver.stop());
    await page.goto("/settings/webhooks?new=1");
    await page.getByLabel("Address").fill(receiver.url);
    await page.getByLabel("What it is for").fill("Customer relations");
    await page.getByLabel("Only these").click();
    await look(page, "webhook-new");
    await page.getByLabel("All events").click();
    await page.getByRole("button", { name: "Create webhook" }).click();
    await page.getByText("It is shown only now").waitFor();
    await look(page, "webhook-secret");
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("button", { name: "Send test" }).click();
    await page.getByRole("cell", { name: "Delivered" }).first().waitFor();
    receiver.status = 500;
    await roster.call("POST", "/v1/apps", { slug: "told", name: "Told" }, token);
    await roster.told();
    await page.reload();
    await page.getByText("The receiver fails").waitFor();
    await look(page, "webhook-failing");
    receiver.status = 410;
    await roster.advance(120);
    await page.reload();
    await page.getByText("This webhook is told no more").waitFor();
    await look(page, "webhook-disabled");
    await page.goto("/settings/webhooks");
    await page.getByText("Customer relations").waitFor();
    await look(page, "webhooks");
    assertQuiet(page);
});
show("/account", "account", (page) => page.getByText("This one").waitFor());
show("/mailbox", "mailbox", (page) => page.locator("iframe").waitFor());
show("/nothing", "missing");
show("/users/nobody", "user-unknown", (page) => page.getByText("There is no such user").waitFor());
test("pages of guests", async () => {
    const guest = await visitor(browser, roster.url);
    await guest.goto("/");
    await guest.waitForURL("**/sign-in");
    await look(guest, "sign-in");
    await guest.getByRole("link", { name: "Forgotten your password?" }).click();
    await look(guest, "forgotten-password");
    await guest.goto("/reset-password");
    await look(guest, "reset-password-unknown");
    await guest.goto(await roster.link("alan.turing@example.com"));
    await guest.getByRole("heading", { name: "Join Analytical Engines" }).waitFor();
    await look(guest, "accept-invite");
    await guest.goto("/accept-invite#token=wrong");
    await guest.getByText("does not work").waitFor();
    await look(guest, "accept-invite-unknown");
    assertQuiet(guest);
});

test("sign-ins that are refused", async () => {
    const guest = await visitor(browser, roster.url);
    const { temporary_password } = (await roster.call("POST", "/v1/users", { email: "leave@example.com", name: "Lea Leave" }, token)).body;
    const { id } = (await roster.call("GET", "/v1/users?q=leave", undefined, token)).body.items[0];
    const until = new Date(Date.now() + 864e5 * 20).toISOString();
    await roster.call("POST", `/v1/users/${id}/suspend`, { reason: "On leave", until }, token);
    const tried = async (password: string) => {
        await guest.getByLabel("E-mail address").fill("leave@example.com");
        await guest.getByLabel("Password", { exact: true }).fill(password);
        await guest.getByRole("button", { name: "Sign in" }).click();
    };
    await guest.goto("/sign-in");
    await tried("no such password");
    await guest.locator("[aria-invalid=true], [role=alert]").first().waitFor();
    await look(guest, "sign-in-wrong");
    await tried(temporary_password);
    await guest.getByText("Your account is suspended").waitFor();
    await look(guest, "sign-in-suspended");
    for (let tries = 0; tries < 5; tries++) await roster.call("POST", "/v1/sessions", { email: "leave@example.com", password: "no such password" });
    await tried("no such password");
    await guest.getByText("Too many attempts").waitFor();
    await look(guest, "sign-in-paused");
    assertQuiet(guest);
});
test("change-password", async () => {
    const guest = await visitor(browser, roster.url);
    const { temporary_password } = (await roster.call("POST", "/v1/users", { email: "new@example.com", name: "Neve New" }, token)).body;
    await signIn(guest, "new@example.com", temporary_password);
    await guest.getByRole("heading", { name: "Choose a password" }).waitFor();
    await look(guest, "change-password");
    assertQuiet(guest);
});
test("reset-password", async () => {
    const guest = await visitor(browser, roster.url);
    await roster.call("POST", "/v1/password-resets", { email: "grace@example.com" });
    await guest.goto(await roster.link("grace@example.com", /Choose a new password/));
    await guest.getByLabel("New password").fill("a tortoise");
    await look(guest, "reset-password");
    assertQuiet(guest);
});
test("invites that do not work any more", async () => {
    const guest = await visitor(browser, roster.url);
    const { user } = (await roster.call("POST", "/v1/invites", { email: "late@example.com", valid_hours: 1 }, token)).body;
    const first = await roster.link("late@example.com");
    await roster.call("POST", `/v1/users/${user.id}/invite`, { valid_hours: 1 }, token);
    await guest.goto(first);
    await guest.getByRole("heading", { name: "A newer mail is in your inbox" }).waitFor();
    await look(guest, "accept-invite-replaced");
    await roster.advance(2 * 3600);
    await guest.goto(await roster.link("late@example.com"));
    await guest.getByRole("heading", { name: "This invite has expired" }).waitFor();
    await look(guest, "accept-invite-expired");
    assertQuiet(guest);
});
test("import of a file", async () => {
    const file = ["E-Mail,Full name,Role", "ida@example.com,Ida Rhodes,member", "broken,Nobody,member", "grace@example.com,Grace Hopper,admin", "hedy@example.com,Hedy Lamarr,owner", "jean@example.com,Jean Bartik,builder"].join("\n");
    await page.goto("/users/import");
    await page.locator("input[type=file]").setInputFiles({ name: "team.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
    await page.getByText("team.csv · 5 rows").waitFor();
    await look(page, "import-columns");
    await page.getByRole("button", { name: "Check rows" }).click();
    await page.getByRole("button", { name: "Invite 2 people" }).waitFor();
    await look(page, "import-review");
    await page.getByRole("button", { name: "Invite 2 people" }).click();
    await page.getByRole("heading", { name: "Finished" }).waitFor();
    await look(page, "import-result");
    assertQuiet(page);
});
test("user-conflict", async () => {
    const { id } = (await roster.call("GET", "/v1/users?q=margaret", undefined, token)).body.items[0];
    await page.goto(`/users/${id}`);
    await page.getByLabel("Name").fill("Margaret H. Hamilton");
    await roster.call("PATCH", `/v1/users/${id}`, { role: "builder", name: "Maggie Hamilton" }, token);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Somebody else changed this user meanwhile").waitFor();
    await look(page, "user-conflict");
    assertQuiet(page);
});
for (const [role, name] of [
    ["member", "Mia Member"],
    ["builder", "Ben Builder"],
] as const) {
    test(`users-as-${role}`, async () => {
        const person = await visitor(browser, roster.url);
        const email = `${role}@example.com`;
        await roster.call("POST", "/v1/invites", { email, name, role }, token);
        const invite = new URL(await roster.link(email));
        await roster.call("POST", "/v1/invites/accept", { token: invite.hash.replace("#token=", ""), name, password: PASSWORD });
        await signIn(person, email);
        await person.goto("/users");
        await person.getByRole("main").getByRole("heading").first().waitFor();
        await look(person, `users-as-${role}`);
        assertQuiet(person);
    });
}
test("wide", async () => {
    const wide = await visitor(browser, roster.url, { width: 1920, height: 1080 });
    await signIn(wide, "grace@example.com");
    await wide.getByText("Ada Lovelace").waitFor();
    await look(wide, "wide-users");
    await wide.goto("/settings/templates");
    await wide.locator("iframe").waitFor();
    await look(wide, "wide-templates");
    assertQuiet(wide);
});

/** What a page reads, but not who is signed in. */
const isRead = (url: URL) => url.pathname.startsWith("/v1/") && url.pathname !== "/v1/session";

test("loading", async () => {
    await page.route(isRead, () => undefined);
    await page.goto("/users");
    await page.locator("main [role=status]").first().waitFor();
    // It never comes to rest.
    page.setDefaultTimeout(500);
    await look(page, "loading");
    page.setDefaultTimeout(10_000);
    await page.unrouteAll();
    assertQuiet(page);
});
test("failed", async () => {
    await page.route(isRead, (route) => route.fulfill({ status: 503, json: {} }));
    await page.goto("/users");
    await page.getByRole("main").getByRole("button", { name: "Try again" }).first().waitFor();
    await look(page, "failed");
    await page.goto("/activity");
    await page.getByRole("main").getByRole("button", { name: "Try again" }).nth(1).waitFor();
    await look(page, "failed-activity");
    await page.unrouteAll();
    assertQuiet(page);
});
test("broken", async () => {
    const person = await visitor(browser, roster.url);
    await signIn(person, "grace@example.com");
    await person.route(/assets\/Apps-/, (route) => route.abort());
    await person.goto("/apps");
    await person.getByText("Check the connection, then reload.").waitFor();
    await look(person, "broken");
});
test("sign-in-again", async () => {
    await page.goto("/apps?new=1");
    await page.getByLabel("Name", { exact: true }).fill("Archive");
    const { items } = (await roster.call("GET", "/v1/me/sessions", undefined, token)).body as { items: { id: string; current: boolean }[] };
    for (const { id, current } of items) if (!current) await roster.call("DELETE", `/v1/me/sessions/${id}`, undefined, token);
    await page.getByRole("button", { name: "Create app" }).click();
    await page.getByRole("dialog", { name: "Sign in again" }).waitFor();
    await look(page, "sign-in-again");
    assertQuiet(page);
});
