/** Every page, looked at: axe finds nothing, the policy stops nothing, and the screenshots are there for people. */
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { assertQuiet, launch, look, signIn, visitor } from "./browser";
import { Installation } from "./installation";
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
