/** What people do with the console, from the first minute on. Each story has an installation of its own. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { assertQuiet, launch, look, signIn, visitor } from "./browser";
import { Installation, PASSWORD, SETUP_SECRET } from "./installation";
import { Receiver } from "./receiver";

let browser: Browser;
before(async () => void (browser = await launch()));
after(() => browser?.close());

interface Story {
    roster: Installation;
    admin: Page;
    token: string;
}

/** A story that begins with an admin at the users page. */
function story(name: string, tell: (story: Story) => Promise<void>, options = { email: true }): void {
    test(name, async (context) => {
        const roster = await Installation.start();
        context.after(() => roster.stop());
        const token = await roster.setUp();
        if (options.email) await roster.configureEmail(token);
        const admin = await visitor(browser, roster.url);
        await signIn(admin, "grace@example.com");
        await admin.getByRole("heading", { name: "Users" }).waitFor();
        await tell({ roster, admin, token });
        assertQuiet(admin);
        await admin.context().close();
    });
}

const toast = (page: Page, text: string | RegExp) => page.getByRole("log").getByText(text).waitFor();

test("from an empty installation to the first invitee", async (context) => {
    const roster = await Installation.start();
    context.after(() => roster.stop());
    const admin = await visitor(browser, roster.url);
    await admin.goto("/");
    await admin.getByLabel("Setup secret").fill("guessed");
    await admin.getByLabel("Your name").fill("Grace Hopper");
    await admin.getByLabel("E-mail address").fill("grace@example.com");
    await admin.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await admin.getByRole("button", { name: "Create admin" }).click();
    await admin.locator("[aria-invalid=true]").waitFor();
    await admin.getByLabel("Setup secret").fill(SETUP_SECRET);
    await admin.getByRole("button", { name: "Create admin" }).click();

    await admin.getByRole("heading", { name: "Welcome to Roster" }).waitFor();
    await admin.getByRole("link", { name: "Set up" }).click();
    await admin.getByLabel("Sender address").first().fill("users@example.com");
    await admin.getByLabel("Name", { exact: true }).fill("Analytical Engines");
    await admin.getByRole("button", { name: "Save" }).click();
    await toast(admin, "The e-mail settings are saved");
    await admin.getByRole("button", { name: "Send test mail" }).click();
    await toast(admin, "A test mail is on its way");
    await roster.mail("grace@example.com");

    await admin.goto("/start");
    await admin.getByRole("link", { name: "Add app" }).click();
    await admin.getByLabel("Name", { exact: true }).fill("Team Wiki");
    await admin.getByRole("button", { name: "Create app" }).click();
    await admin.waitForURL("**/apps/team-wiki");

    await admin.goto("/start");
    await admin.getByRole("link", { name: "Invite" }).last().click();
    await admin.getByLabel("E-mail addresses").fill("Ada Lovelace <ada@example.com>");
    await admin.getByRole("combobox", { name: "Team Wiki" }).selectOption("basic");
    await admin.getByLabel("Message").fill("Welcome aboard!");
    await admin.getByRole("button", { name: "Send invite" }).dblclick();
    await admin.getByText("1 invited").waitFor();
    await admin.getByRole("button", { name: "Done" }).click();

    await roster.mail("ada@example.com");
    await admin.getByRole("link", { name: "Mailbox" }).click();
    await admin.getByRole("button", { name: /ada@example\.com/ }).click();
    const mail = admin.frameLocator("iframe");
    await mail.getByText("Welcome aboard!").waitFor();
    const link = await mail.getByRole("link").first().getAttribute("href");
    assert.match(link ?? "", /accept-invite#token=/);

    const ada = await visitor(browser, roster.url);
    await ada.goto(link!);
    await ada.getByRole("heading", { name: "Join Analytical Engines" }).waitFor();
    assert.equal(new URL(ada.url()).hash, "", "the secret leaves the address bar");
    await ada.reload();
    assert.equal(await ada.getByLabel("Your name").inputValue(), "Ada Lovelace");
    await ada.getByLabel("New password").fill("short");
    await ada.getByRole("button", { name: "Create account" }).click();
    await ada.locator("[aria-invalid=true]").waitFor();
    await ada.getByLabel("New password").fill(PASSWORD);
    await ada.getByText("Strong").waitFor();
    await ada.getByRole("button", { name: "Create account" }).click();
    await ada.getByRole("heading", { name: "My account" }).waitFor();
    await ada.getByText("Team Wiki").waitFor();
    assert.equal(await ada.getByRole("link", { name: "Users" }).count(), 0, "a member does not manage users");

    await ada.goto(link!);
    await ada.getByRole("heading", { name: "does not work" }).waitFor();
    assertQuiet(ada);
    assertQuiet(admin);
});

story("a user gets a temporary password and has to change it", async ({ roster, admin }) => {
    await admin.getByRole("button", { name: "Add users" }).click();
    await admin.getByRole("menuitem", { name: /Basic onboarding/ }).click();
    await admin.getByLabel("E-mail address").fill("alan@example.com");
    await admin.getByRole("button", { name: "Create user" }).click();
    const password = await admin.getByLabel("Temporary password").textContent();
    await admin.getByRole("button", { name: "Done" }).click();
    await admin.getByRole("link", { name: "alan@example.com" }).waitFor();

    const alan = await visitor(browser, roster.url);
    await signIn(alan, "alan@example.com", password!);
    await alan.getByRole("heading", { name: "Choose a password" }).waitFor();
    await alan.goto("/account");
    await alan.getByRole("heading", { name: "Choose a password" }).waitFor();
    await alan.getByLabel("Temporary password").fill(password!);
    await alan.getByLabel("New password").fill(PASSWORD);
    await alan.getByRole("button", { name: "Set password and go on" }).click();
    await alan.getByRole("heading", { name: "My account" }).waitFor();
    assertQuiet(alan);
});

story("roles, suspension, reset and deletion of a user", async ({ roster, admin, token }) => {
    await roster.call("POST", "/v1/apps", { slug: "wiki", name: "Wiki" }, token);
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada Lovelace" }, token);
    await admin.goto(`/users/${body.user.id}`);

    await admin.getByRole("button", { name: "Wiki" }).click();
    await admin.getByRole("radio", { name: /Power/ }).click();
    await admin.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await toast(admin, /Ada Lovelace is now .* in Wiki/);
    await admin.getByRole("log").getByRole("button", { name: "Undo" }).click();
    await admin.getByRole("cell", { name: "No access" }).waitFor();

    await admin.getByRole("button", { name: "Actions" }).click();
    await admin.getByRole("menuitem", { name: "Suspend" }).click();
    await admin.getByLabel("Reason").fill("On leave");
    await admin.getByRole("dialog").getByRole("button", { name: "Suspend" }).click();
    await toast(admin, "Ada Lovelace is suspended");
    const ada = await visitor(browser, roster.url);
    await ada.goto("/sign-in");
    await ada.getByLabel("E-mail address").fill("ada@example.com");
    await ada.getByLabel("Password", { exact: true }).fill(body.temporary_password);
    await ada.getByRole("button", { name: "Sign in" }).click();
    await ada.getByText("Your account is suspended").waitFor();
    await admin.getByRole("button", { name: "Reactivate" }).click();
    await toast(admin, "Reactivated");

    await admin.getByRole("button", { name: "Actions" }).click();
    await admin.getByRole("menuitem", { name: "Reset password" }).click();
    await admin.getByRole("button", { name: "Show it to me" }).click();
    const password = await admin.getByLabel("Temporary password").textContent();
    await admin.getByRole("button", { name: "Done" }).click();
    await signIn(ada, "ada@example.com", password!);
    await ada.getByRole("heading", { name: "Choose a password" }).waitFor();

    await admin.getByRole("button", { name: "Delete user" }).click();
    const dialog = admin.getByRole("dialog");
    assert.equal(await dialog.getByRole("button", { name: "Delete user" }).isDisabled(), true);
    await dialog.getByRole("textbox").fill("ada@example.com");
    await dialog.getByRole("button", { name: "Delete user" }).click();
    await admin.waitForURL("**/users");
    await toast(admin, "ada@example.com was deleted");
});

story("a forgotten password is reset by mail", async ({ roster, admin }) => {
    const guest = await visitor(browser, roster.url);
    await guest.goto("/sign-in");
    await guest.getByLabel("E-mail address").fill("grace@example.com");
    await guest.getByRole("link", { name: "Forgotten your password?" }).click();
    await guest.getByRole("button", { name: "Send link" }).click();
    await guest.getByRole("heading", { name: "Look into your inbox" }).waitFor();
    await guest.goto(await roster.link("grace@example.com"));
    await guest.getByLabel("New password").fill("another tortoise above nine clouds");
    await guest.getByRole("button", { name: "Set password" }).click();
    await guest.getByText("Your password was changed").waitFor();
    await signIn(guest, "grace@example.com", "another tortoise above nine clouds");
    await guest.getByRole("heading", { name: "Users" }).waitFor();
    assertQuiet(guest);
    void admin;
});

story("a session that ended elsewhere loses nothing", async ({ roster, admin, token }) => {
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada" }, token);
    await admin.goto(`/users/${body.user.id}`);
    await admin.getByLabel("Name").fill("Ada King");
    const sessions = (await roster.call("GET", "/v1/me/sessions", undefined, token)).body.items as { id: string; current: boolean }[];
    for (const { id, current } of sessions) if (!current) await roster.call("DELETE", `/v1/me/sessions/${id}`, undefined, token);

    await admin.getByRole("button", { name: "Save" }).click();
    const dialog = admin.getByRole("dialog", { name: "Sign in again" });
    await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await dialog.getByRole("button", { name: "Go on" }).click();

    await toast(admin, "Saved");
    const after = await roster.call("GET", `/v1/users/${body.user.id}`, undefined, token);
    assert.equal(after.body.name, "Ada King");
});

story("signing out is in sight, and leaves nothing to see", async ({ admin }) => {
    await admin.getByRole("button", { name: "grace@example.com" }).click();
    await admin.getByRole("menuitem", { name: "Sign out" }).click();
    await admin.waitForURL("**/sign-in**");

    await admin.goto("/users");
    await admin.waitForURL("**/sign-in**");
});

story("two admins edit one user", async ({ roster, admin, token }) => {
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada" }, token);
    await admin.goto(`/users/${body.user.id}`);
    await admin.getByLabel("Name").fill("Ada King");
    await roster.call("PATCH", `/v1/users/${body.user.id}`, { role: "builder", name: "Lady Lovelace" }, token);

    await admin.getByRole("button", { name: "Save" }).click();
    await admin.getByText("Somebody else changed this user meanwhile").waitFor();
    await admin.getByRole("cell", { name: "Lady Lovelace" }).waitFor();
    await admin.getByRole("button", { name: "Keep my changes" }).click();
    await admin.getByRole("button", { name: "Save" }).click();
    await toast(admin, "Saved");

    const after = await roster.call("GET", `/v1/users/${body.user.id}`, undefined, token);
    assert.deepEqual([after.body.name, after.body.role], ["Ada King", "builder"]);
});

story("an invite expires and a new one is asked for", async ({ roster, admin, token }) => {
    await roster.call("POST", "/v1/invites", { email: "ada@example.com", valid_hours: 1 }, token);
    const link = await roster.link("ada@example.com");
    await roster.advance(2 * 3600);

    const ada = await visitor(browser, roster.url);
    await ada.goto(link);
    await ada.getByRole("heading", { name: "This invite has expired" }).waitFor();
    await ada.getByRole("button", { name: "Ask for a new invite" }).click();
    await ada.getByRole("heading", { name: "Your request is with the admins" }).waitFor();

    await admin.goto("/invites?show=renewal");
    await admin.getByText("Asks for a new link").waitFor();
    await admin.getByLabel("Select ada@example.com").click();
    await admin.getByRole("button", { name: "Resend 1 invite" }).click();
    await toast(admin, "1 invite sent again");
    await ada.goto(link);
    await ada.getByRole("heading", { name: "A newer mail is in your inbox" }).waitFor();
    assertQuiet(ada);
});

story("an invite that bounces goes to the right address in one step", async ({ roster, admin, token }) => {
    await roster.call("POST", "/v1/invites", { email: "ada@exmaple.com", name: "Ada Lovelace" }, token);
    const lost = await roster.link("ada@exmaple.com");
    const { id } = await roster.mail("ada@exmaple.com");
    await roster.call("POST", "/_local/mail-event", { mail_id: id, event: "bounce", detail: "550 5.1.1 no such user" });

    await admin.goto("/invites");
    await admin.getByRole("button", { name: "Not delivered" }).click();
    const row = admin.getByRole("row", { name: /Ada Lovelace/ });
    await row.getByText("Bounced").waitFor();
    await row.getByText("550 5.1.1 no such user").waitFor();
    await look(admin, "invites-bounced");
    await row.getByRole("button", { name: "Correct address" }).click();
    await admin.getByRole("dialog").getByLabel("E-mail address").fill("ada@example.com");
    await look(admin, "invite-correct");
    await admin.getByRole("dialog").getByRole("button", { name: "Send invite" }).click();
    await toast(admin, "The invite is on its way to ada@example.com");
    await admin.getByText("Every mail arrived").waitFor();

    const ada = await visitor(browser, roster.url);
    await ada.goto(lost);
    await ada.getByRole("heading", { name: /newer mail|does not work/ }).waitFor();
    await ada.goto(await roster.link("ada@example.com"));
    await ada.getByLabel("New password").fill(PASSWORD);
    await ada.getByRole("button", { name: "Create account" }).click();
    await ada.getByRole("heading", { name: "My account" }).waitFor();
    assertQuiet(ada);
});

story("a slow network, a double click and a reload cost nothing", async ({ roster, admin, token }) => {
    const network = await admin.context().newCDPSession(admin);
    await network.send("Network.emulateNetworkConditions", { offline: false, latency: 1_500, downloadThroughput: 50_000, uploadThroughput: 20_000 });
    await admin.getByRole("button", { name: "Suspended" }).click();
    await admin.locator("[aria-busy=true]").waitFor();
    await admin.getByText("Nobody matches").waitFor();
    await admin.getByRole("button", { name: "Add users" }).click();
    await admin.getByRole("menuitem", { name: /Basic onboarding/ }).click();
    await admin.getByLabel("E-mail address").fill("ada@example.com");
    await admin.getByRole("button", { name: "Create user" }).dblclick();
    await admin.locator("button[data-loading]").waitFor();
    await admin.getByLabel("Temporary password").waitFor();
    await network.send("Network.emulateNetworkConditions", { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 });
    await admin.getByRole("button", { name: "Add more" }).click();
    await admin.getByLabel("E-mail address").fill("alan@example.com");
    await admin.getByRole("button", { name: "Create user" }).click();
    await admin.getByRole("alert").waitFor();
    await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await admin.reload();
    assert.equal(await admin.getByLabel("E-mail address").inputValue(), "alan@example.com");
    await admin.getByRole("button", { name: "Create user" }).click();
    await admin.getByLabel("Temporary password").waitFor();
    const { body } = await roster.call("GET", "/v1/users", undefined, token);
    assert.deepEqual(body.items.map((user: { email: string }) => user.email), ["ada@example.com", "alan@example.com", "grace@example.com"]);
});

story("a form that was only looked at shows what others save", async ({ roster, admin, token }) => {
    await admin.goto("/settings/email");
    await admin.getByLabel("Sender name").waitFor();
    await roster.call("PUT", "/v1/settings/email", { from_address: "users@example.com", from_name: "The Engine Room", company: "Analytical Engines", platform_url: roster.url }, token);
    await admin.reload();
    await admin.getByLabel("Sender name").waitFor();
    assert.equal(await admin.getByLabel("Sender name").inputValue(), "The Engine Room");
});

story("an invite is handed over as a link", async ({ roster, admin }) => {
    await admin.goto("/users?add=email");
    await admin.getByText("E-mail is not set up yet").waitFor();
    await admin.getByLabel("E-mail addresses").fill("ada@example.com");
    await admin.reload();
    assert.equal(await admin.getByLabel("E-mail addresses").inputValue(), "ada@example.com", "a reload loses nothing");
    await admin.getByRole("button", { name: "Take a link instead" }).click();
    await admin.getByRole("button", { name: "Create link" }).click();
    const link = await admin.getByLabel("Invite link").textContent();

    const ada = await visitor(browser, roster.url);
    await ada.goto(link!);
    await ada.getByRole("heading", { name: "Accept your invite" }).waitFor();
}, { email: false });

story("500 people come from a file, with mistakes in it", async ({ admin }) => {
    const rows = Array.from({ length: 500 }, (_, at) => (at % 50 === 7 ? `broken ${at},Person ${at}` : `person${at}@example.com,"Person, ${at}"`));
    await admin.goto("/users/import");
    await admin.locator("input[type=file]").setInputFiles({ name: "team.csv", mimeType: "text/csv", buffer: Buffer.from(["E-Mail,Full name", ...rows].join("\r\n")) });
    await admin.getByText("team.csv · 500 rows").waitFor();
    await admin.getByRole("button", { name: "Check rows" }).click();
    await admin.getByText("490 ready, 10 left out").waitFor({ timeout: 60_000 });
    await admin.getByRole("button", { name: "Invite 490 people" }).click();
    await admin.getByRole("heading", { name: "Finished" }).waitFor({ timeout: 120_000 });
    const [download] = await Promise.all([admin.waitForEvent("download"), admin.getByRole("button", { name: "Download result" }).click()]);
    assert.equal(download.suggestedFilename(), "result.csv");
    await admin.goto("/users?q=person499");
    await admin.getByRole("link", { name: "Person, 499" }).waitFor();
});

story("a mail is seen as wide as on a desktop and on a phone, whatever room there is", async ({ admin }) => {
    await admin.goto("/settings/templates");
    const frame = admin.locator("iframe");
    const widths = async () => ({
        mail: await admin.frameLocator("iframe").locator("html").evaluate(() => innerWidth),
        isInside: await frame.evaluate((frame) => frame.getBoundingClientRect().right <= frame.parentElement!.getBoundingClientRect().right),
    });
    for (const width of [1280, 360]) {
        await admin.setViewportSize({ width, height: 860 });
        await admin.getByRole("radiogroup", { name: "Show as" }).getByText("Desktop").click();
        assert.deepEqual(await widths(), { mail: 680, isInside: true }, `on a desktop, in a window of ${width}`);
        await admin.getByRole("radiogroup", { name: "Show as" }).getByText("Phone").click();
        assert.deepEqual(await widths(), { mail: 360, isInside: true }, `on a phone, in a window of ${width}`);
    }
});

story("the activity is read as sentences, and narrowed to who did what to whom", async ({ roster, admin, token }) => {
    await roster.call("POST", "/v1/apps", { slug: "wiki", name: "Team Wiki" }, token);
    const ada = (await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada Lovelace" }, token)).body.user;
    const key = (await roster.call("POST", "/v1/api-keys", { name: "Payroll", role: "builder" }, token)).body.key;
    await roster.call("PUT", `/v1/users/${ada.id}/app-roles/wiki`, { role: "basic" }, key);
    await roster.call("PATCH", `/v1/users/${ada.id}`, { role: "builder", name: "Ada King" }, token);
    await roster.call("PUT", "/v1/settings/security", { sign_in_attempts: 7 }, token);

    await admin.goto("/activity");
    const entries = admin.locator("section").getByRole("listitem");
    const told = (text: string) => entries.filter({ hasText: text });
    await told("Grace Hopper changed the e-mail settings · 8 fields").waitFor();
    await told("Grace Hopper changed the security settings · Attempts before a pause").waitFor();
    await told("Grace Hopper changed the role of Ada King to Builder · Name").waitFor();
    await told("Payroll made Ada Lovelace Basic user in Team Wiki").getByRole("button", { name: "Details" }).click();
    await admin.getByRole("link", { name: "Only what happened to Ada Lovelace" }).click();
    await told("security settings").waitFor({ state: "detached" });
    assert.equal(await entries.count(), 3);

    await told("to Builder").getByRole("button", { name: "Details" }).click();
    await admin.getByRole("link", { name: "Only what Grace Hopper did" }).click();
    await told("Payroll").waitFor({ state: "detached" });
    await admin.reload();
    await told("to Builder").waitFor();
    assert.equal(await entries.count(), 2);
    await admin.getByRole("button", { name: "Happened to Ada" }).click();
    await told("security settings").waitFor();
    await admin.getByRole("button", { name: "By Grace Hopper" }).click();
    await told("Payroll").waitFor();
    assert.equal(new URL(admin.url()).search, "");
});

story("a chart that does not know all says so", async ({ admin }) => {
    let page = 0;
    const now = Date.now();
    await admin.route(
        (url) => url.searchParams.get("action") === "session.started",
        (route) => route.fulfill({ status: 503, json: {} }),
    );
    await admin.goto("/activity");
    const again = admin.getByRole("main").getByRole("button", { name: "Try again" });
    await again.waitFor();
    await admin.unrouteAll();
    await admin.route(
        (url) => url.searchParams.get("action") === "session.started",
        (route) => route.fulfill({ json: { items: Array.from({ length: 100 }, () => ({ at: new Date(now - page * 36e5).toISOString() })), next_cursor: `after-${++page}` } }),
    );
    await again.click();
    const chart = admin.getByRole("figure");
    await chart.getByText("Sign-ins at least 1,000").waitFor();
    await chart.getByText("Only the newest are counted").waitFor();
    assert.equal(page, 10);
    await admin.unrouteAll();
    await admin.reload();
    await chart.getByText("Sign-ins 1", { exact: true }).waitFor();
    assert.equal(await chart.getByText("are counted").count(), 0);
});

story("ending a session and emptying the mailbox are asked first, and told", async ({ roster, admin, token }) => {
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada" }, token);
    const ada = await visitor(browser, roster.url);
    await signIn(ada, "ada@example.com", body.temporary_password);
    await roster.call("POST", "/v1/invites", { email: "alan@example.com" }, token);
    await roster.mail("alan@example.com");
    for (const [path, button, title, done, none] of [
        ["/account", "End", /End the session of/, "The session was ended", admin.getByRole("button", { name: "End", exact: true })],
        [`/users/${body.user.id}`, "End", /End the session of/, "The session was ended", admin.getByRole("button", { name: "End", exact: true })],
        ["/mailbox", "Empty mailbox", "Empty the mailbox?", "The mailbox is empty", admin.locator("iframe")],
    ] as const) {
        await admin.goto(path);
        const action = admin.getByRole("main").getByRole("button", { name: button, exact: true });
        const dialog = admin.getByRole("dialog", { name: title });
        await action.click();
        await dialog.getByRole("button", { name: "Cancel" }).click();
        await dialog.waitFor({ state: "detached" });
        assert.equal(await none.count(), 1, "nothing was done yet");
        await action.click();
        await dialog.getByRole("button", { name: button, exact: true }).click();
        await toast(admin, done);
        await none.waitFor({ state: "detached" });
    }
});

story("the address says what is shown, and the keyboard is enough", async ({ roster, admin, token }) => {
    for (const name of ["Ada Lovelace", "Alan Turing", "Barbara Liskov"]) {
        await roster.call("POST", "/v1/users", { email: `${name.split(" ")[0]!.toLowerCase()}@example.com`, name }, token);
    }
    await admin.goto("/users");
    await admin.getByRole("link", { name: "Barbara Liskov" }).waitFor();
    await admin.keyboard.press("/");
    await admin.keyboard.type("a");
    await admin.waitForURL((url) => url.search === "?q=a");
    await admin.getByRole("link", { name: "Barbara Liskov" }).waitFor({ state: "detached" });
    await admin.reload();
    assert.equal(await admin.getByRole("searchbox").inputValue(), "a");
    await admin.getByRole("link", { name: "Alan Turing" }).focus();
    await admin.keyboard.press("Enter");
    await admin.getByRole("heading", { name: "Alan Turing" }).waitFor();
    assert.equal(await admin.evaluate(() => document.activeElement?.tagName), "H1", "a new page takes the focus");
    await admin.getByRole("link", { name: "Users" }).first().click();
    await admin.waitForURL("**/users**");
});

story("many users are deleted at once", async ({ roster, admin, token }) => {
    for (const name of ["ada", "alan"]) await roster.call("POST", "/v1/users", { email: `${name}@example.com` }, token);
    await admin.reload();
    await admin.getByLabel("Select all on this page").click();
    await admin.getByRole("region", { name: "Selected users" }).getByRole("button", { name: "Delete" }).click();
    await admin.getByRole("dialog").getByRole("textbox").fill("3");
    await admin.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    // Nobody deletes themselves.
    await admin.getByRole("dialog", { name: "1 user could not be changed" }).waitFor();
    await toast(admin, "2 users deleted");
});

story("a webhook, from its secret to what it missed", async ({ roster, admin, token }) => {
    const receiver = await Receiver.start();
    try {
        await admin.goto("/settings/webhooks");
        await admin.getByRole("button", { name: "New webhook" }).first().click();
        await admin.getByLabel("Address").fill("http://hooks.example.com");
        await admin.getByRole("button", { name: "Create webhook" }).click();
        await admin.locator("[aria-invalid=true]").waitFor();
        await admin.getByLabel("Address").fill(receiver.url);
        await admin.getByLabel("Only these").click();
        await admin.getByLabel("app.created").click();
        await admin.getByRole("button", { name: "Create webhook" }).click();
        const secret = await admin.getByLabel("Signing secret", { exact: true }).innerText();
        assert.match(secret, /^whsec_/);
        await admin.getByRole("button", { name: "Done" }).click();

        await admin.getByRole("button", { name: "Send test" }).click();
        await toast(admin, "A test is on its way");
        await admin.getByRole("cell", { name: "Delivered" }).waitFor();
        assert.deepEqual(receiver.types, ["webhook.test"]);

        receiver.status = 410;
        await roster.call("POST", "/v1/apps", { slug: "wiki", name: "Wiki" }, token);
        await admin.reload();
        await admin.getByText("This webhook is told no more").waitFor();
        await roster.mail("grace@example.com", /webhook/);
        receiver.status = 204;
        await admin.getByRole("button", { name: "Enable", exact: true }).click();
        await toast(admin, "The webhook is enabled");
        await admin.getByRole("button", { name: "Resend app.created" }).click();
        await toast(admin, "The event is on its way once more");
        await admin.getByRole("row", { name: /app\.created Delivered/ }).waitFor();

        await admin.getByRole("button", { name: "Rotate secret" }).click();
        await admin.getByRole("dialog").getByRole("button", { name: "Rotate secret" }).click();
        assert.notEqual(await admin.getByRole("dialog").getByLabel("Signing secret", { exact: true }).innerText(), secret);
        await admin.getByRole("button", { name: "Done" }).click();
        await admin.getByRole("button", { name: "Delete webhook" }).click();
        await admin.getByRole("dialog").getByRole("button", { name: "Delete webhook" }).click();
        await admin.getByText("No webhooks").waitFor();
    } finally {
        receiver.stop();
    }
});
