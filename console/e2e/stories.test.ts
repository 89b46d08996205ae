/** What people do with the console, from the first minute on. Each story has an installation of its own. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
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

/** Chooses a file to import. */
const choose = (page: Page, name: string, content: string | Buffer) =>
    page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content as string) });

/** Somebody who accepted an invite. */
async function join(roster: Installation, token: string, email: string, role: string): Promise<void> {
    const { body } = await roster.call("POST", "/v1/invites", { email, role, delivery: "link" }, token);
    const invite = (body.invite_link as string).split("#token=")[1];
    await roster.call("POST", "/v1/invites/accept", { token: invite, name: email, password: PASSWORD });
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
    await ada.getByText("Reason: On leave").waitFor();
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

story("a pause after wrong passwords says how long, and when it is over", async ({ roster }) => {
    const guest = await visitor(browser, roster.url);
    await guest.clock.install();
    await guest.goto("/sign-in");
    await guest.getByLabel("E-mail address").fill("grace@example.com");
    await guest.getByLabel("Password", { exact: true }).fill("a wrong password");
    const go = guest.getByRole("button", { name: "Sign in" });
    await go.click();
    await guest.getByText("The e-mail address or the password is wrong.").waitFor();
    for (let tries = 0; tries < 4; tries++) await roster.call("POST", "/v1/sessions", { email: "grace@example.com", password: "a wrong password" });
    await go.click();
    await guest.getByText("Try again in a minute.").waitFor();
    await look(guest, "sign-in-paused");
    await roster.advance(61);
    await guest.clock.runFor(61_000);
    await guest.getByText("You can try again now.").waitFor();
    await guest.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await go.click();
    await guest.getByRole("heading", { name: "Users" }).waitFor();
    assertQuiet(guest);
});

story("without e-mail, a mail that is wanted says what to do", async ({ roster, admin, token }) => {
    const guest = await visitor(browser, roster.url);
    await guest.goto("/forgotten-password");
    await guest.getByLabel("E-mail address").fill("grace@example.com");
    await guest.getByRole("button", { name: "Send link" }).click();
    await guest.getByText("Ask an admin for a new password.").waitFor();
    assertQuiet(guest);

    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com" }, token);
    await admin.goto(`/users/${body.user.id}`);
    await admin.getByRole("button", { name: "Actions" }).click();
    await admin.getByRole("menuitem", { name: "Reset password" }).click();
    await admin.getByRole("button", { name: "Send by e-mail" }).click();
    await toast(admin, "E-mail is not set up yet.");
    await admin.getByRole("log").getByRole("link", { name: "Set up e-mail" }).click();
    await admin.getByRole("heading", { name: "E-mail", exact: true }).waitFor();
}, { email: false });

story("a session that ended elsewhere loses nothing", async ({ roster, admin, token }) => {
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada" }, token);
    await admin.goto(`/users/${body.user.id}`);
    await admin.getByLabel("Name").fill("Ada King");
    const end = async () => {
        const sessions = (await roster.call("GET", "/v1/me/sessions", undefined, token)).body.items as { id: string; current: boolean }[];
        for (const { id, current } of sessions) if (!current) await roster.call("DELETE", `/v1/me/sessions/${id}`, undefined, token);
    };
    await end();

    await admin.getByRole("button", { name: "Save" }).click();
    const dialog = admin.getByRole("dialog", { name: "Sign in again" });
    await dialog.waitFor();
    await admin.keyboard.press("Escape");
    await dialog.getByRole("button", { name: "Leave" }).click();
    await admin.waitForURL((url) => url.pathname === "/sign-in" && url.searchParams.get("next") === `/users/${body.user.id}`);
    await admin.getByLabel("E-mail address").fill("grace@example.com");
    await admin.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await admin.getByRole("button", { name: "Sign in" }).click();
    await admin.getByRole("heading", { name: "Ada" }).waitFor();
    assert.equal(await admin.getByLabel("Name").inputValue(), "Ada King");
    await end();

    await admin.getByRole("button", { name: "Save" }).click();
    await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await dialog.getByRole("button", { name: "Go on" }).click();

    await toast(admin, "Saved");
    const after = await roster.call("GET", `/v1/users/${body.user.id}`, undefined, token);
    assert.equal(after.body.name, "Ada King");
});

story("signing out is in sight, and leaves nothing to see", async ({ admin }) => {
    await admin.goto("/settings/email");
    await admin.getByLabel("Sender name").fill("The Engine Room");
    await admin.getByRole("button", { name: "grace@example.com" }).click();
    await admin.getByRole("menuitem", { name: "Sign out" }).click();
    await admin.waitForURL("**/sign-in**");

    await admin.goto("/users");
    await admin.waitForURL("**/sign-in**");
    assert.equal(await admin.evaluate(() => sessionStorage.length), 0);
});

story("a page says whom it is for", async ({ roster, token }) => {
    for (const [role, paths] of [
        ["builder", ["/settings/email", "/settings/webhooks", "/invites", "/users/import", "/activity"]],
        ["member", ["/users", "/apps", "/settings/security"]],
    ] as const) {
        await join(roster, token, `${role}@example.com`, role);
        const person = await visitor(browser, roster.url);
        await signIn(person, `${role}@example.com`);
        for (const path of paths) {
            await person.goto(path);
            await person.getByText("This page is for admins").waitFor();
            assert.equal(await person.getByRole("button", { name: "Try again" }).count(), 0, path);
        }
        if (role === "member") await look(person, "not-for-everybody");
        assertQuiet(person);
    }
});

story("who is signed in changes in another tab", async ({ roster, admin, token }) => {
    const { body } = await roster.call("POST", "/v1/invites", { email: "ada@example.com", name: "Ada", delivery: "link" }, token);
    const other = await admin.context().newPage();
    await other.goto(body.invite_link);
    await other.getByLabel("New password").fill(PASSWORD);
    await other.getByRole("button", { name: "Create account" }).click();
    await other.waitForURL("**/account");

    // The page may notice by itself before that.
    void admin.getByRole("button", { name: "Suspended" }).click().catch(() => undefined);
    await admin.waitForURL("**/account");
    await admin.getByRole("button", { name: "ada@example.com" }).waitFor();
});

story("a long address fits a phone", async ({ roster, admin, token }) => {
    const email = `${"a.very.long.address.of.somebody".repeat(2)}@a.very.long.subdomain.example.com`;
    const { body } = await roster.call("POST", "/v1/users", { email }, token);
    await admin.setViewportSize({ width: 360, height: 740 });
    await admin.goto(`/users/${body.user.id}`);
    await admin.getByRole("button", { name: "Delete user" }).click();
    const dialog = admin.getByRole("dialog");
    await dialog.getByRole("textbox").waitFor();
    const runsOver = await dialog.evaluate((dialog) =>
        [...dialog.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > innerWidth).map((element) => element.outerHTML),
    );
    assert.deepEqual(runsOver, []);
});

story("two admins edit one user", async ({ roster, admin, token }) => {
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada" }, token);
    await admin.goto(`/users/${body.user.id}`);
    await admin.getByLabel("Name").fill("Ada King");
    await roster.call("PATCH", `/v1/users/${body.user.id}`, { role: "builder", name: "Lady Lovelace" }, token);

    await admin.getByRole("button", { name: "Save" }).click();
    await admin.getByText("Somebody else changed this user meanwhile").waitFor();
    await admin.getByRole("cell", { name: "Lady Lovelace" }).waitFor();
    assert.equal(await admin.getByRole("row", { name: "Role Member Builder" }).count(), 1, "what changed elsewhere is shown, too");
    await admin.getByRole("button", { name: "Keep my changes" }).click();
    await toast(admin, "Saved. Somebody else changed meanwhile: Role");

    const after = await roster.call("GET", `/v1/users/${body.user.id}`, undefined, token);
    assert.deepEqual([after.body.name, after.body.role], ["Ada King", "builder"]);
});

story("two admins who edit different things of one user are both heard", async ({ roster, admin, token }) => {
    await roster.call("POST", "/v1/apps", { slug: "wiki", name: "Wiki" }, token);
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada" }, token);
    await admin.goto(`/users/${body.user.id}`);
    await admin.getByLabel("Name").fill("Ada King");
    await admin.reload();
    assert.equal(await admin.getByLabel("Name").inputValue(), "Ada King", "a reload loses nothing");
    await roster.call("PUT", `/v1/users/${body.user.id}/app-roles/wiki`, { role: "basic" }, token);

    await admin.getByRole("button", { name: "Save" }).click();
    await toast(admin, "Saved. Somebody else changed meanwhile: Access to apps");

    const after = await roster.call("GET", `/v1/users/${body.user.id}`, undefined, token);
    assert.deepEqual([after.body.name, after.body.app_roles], ["Ada King", { wiki: "basic" }]);
});

story("two admins edit the settings", async ({ roster, admin, token }) => {
    await admin.goto("/settings/security");
    await admin.getByLabel("Attempts before a pause").fill("7");
    const settings = (await roster.call("GET", "/v1/settings/security", undefined, token)).body;
    await roster.call("PUT", "/v1/settings/security", { ...settings, sign_in_attempts: 9, password_min_length: 16 }, token);
    const save = admin.getByRole("button", { name: "Save" });
    await save.focus();
    await admin.keyboard.press("Enter");
    await admin.getByText("Somebody else changed this meanwhile, to 9. Save again to keep yours.").waitFor();
    assert.equal(await admin.getByLabel("Minimum length").inputValue(), "16", "what was not touched is as it is saved");
    await save.focus();
    await admin.keyboard.press("Enter");
    await toast(admin, "The security settings are saved");
    await admin.waitForFunction((button) => button === document.activeElement, await save.elementHandle());
    const after = (await roster.call("GET", "/v1/settings/security", undefined, token)).body;
    assert.deepEqual([after.sign_in_attempts, after.password_min_length], [7, 16]);
});

story("the keyboard goes on where a form was saved", async ({ roster, admin, token }) => {
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com", name: "Ada" }, token);
    for (const [path, field, said] of [
        [`/users/${body.user.id}`, "Name", "Saved"],
        ["/settings/templates", "Subject", "The template is saved"],
        ["/settings/email", "Sender name", "The e-mail settings are saved"],
    ] as const) {
        await admin.goto(path);
        await admin.getByLabel(field, { exact: true }).fill("Engines");
        const save = admin.getByRole("button", { name: "Save" });
        await save.focus();
        await admin.keyboard.press("Enter");
        await toast(admin, said);
        await admin.waitForFunction((form) => document.activeElement?.closest("form") === form, await admin.locator("form", { has: save }).elementHandle());
    }
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
    await ada.reload();
    await ada.getByRole("heading", { name: "Your request is with the admins" }).waitFor();
    await ada.goto("/reset-password");
    await ada.getByRole("heading", { name: "This link does not work" }).waitFor();

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
    await admin.goto("/users");
    await admin.getByRole("link", { name: "Ada Lovelace" }).click();
    const history = admin.getByRole("list", { name: "History" });
    await history.getByText("550 5.1.1 no such user").waitFor();
    assert.deepEqual(await history.locator("li > span:first-child").allInnerTexts(), ["Mail came back", "Invited"]);
    await look(admin, "user-invited-again");

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

story("501 addresses are invited in parts, and what was refused is said", async ({ roster, admin, token }) => {
    await roster.call("POST", "/v1/apps", { slug: "old", name: "Old wiki" }, token);
    await roster.call("POST", "/v1/apps", { slug: "wiki", name: "Wiki" }, token);
    await admin.goto("/users?add=email");
    const people = Array.from({ length: 501 }, (_, at) => `person${at}@example.com`);
    await admin.getByLabel("E-mail addresses").fill(people.join("\n"));
    await admin.getByRole("combobox", { name: "Old wiki" }).waitFor();
    await admin.getByRole("combobox", { name: "Wiki", exact: true }).selectOption("basic");
    await admin.getByRole("button", { name: "Invite 501 people" }).click();
    await admin.getByText(/^[1-9]\d* of 501$/).waitFor();
    await admin.getByText("501 invited").waitFor({ timeout: 120_000 });
    await admin.getByRole("button", { name: "Add more" }).click();

    await admin.getByLabel("E-mail addresses").fill("ada@example.com");
    await admin.getByRole("combobox", { name: "Old wiki" }).selectOption("basic");
    await admin.getByRole("combobox", { name: "Wiki", exact: true }).selectOption("power");
    await roster.call("DELETE", "/v1/apps/old", undefined, token);
    await admin.getByRole("button", { name: "Send invite" }).click();
    await admin.getByRole("alert").getByText("There is no app old").waitFor();
    await admin.reload();
    await admin.getByRole("combobox", { name: "Wiki", exact: true }).waitFor();
    assert.equal(await admin.getByRole("combobox", { name: "Old wiki" }).count(), 0);
    await admin.getByRole("button", { name: "Send invite" }).click();
    await admin.getByText("1 invited").waitFor();
    const { body } = await roster.call("GET", "/v1/users?q=ada", undefined, token);
    assert.deepEqual(body.items[0].app_roles, { wiki: "power" });
});

story("of many addresses, those that failed can be corrected", async ({ roster, admin, token }) => {
    await admin.goto("/users?add=email");
    await admin.getByLabel("E-mail addresses").fill('"Lovelace, Ada" <ada@example.com>; Turing, Alan <alan>');
    await admin.getByLabel("Message").fill("Welcome aboard!");
    await admin.getByRole("button", { name: "Invite 2 people" }).click();
    await admin.getByText("1 invited · 1 not valid").waitFor();
    await admin.getByRole("button", { name: "Add more" }).click();

    assert.equal(await admin.getByLabel("E-mail addresses").inputValue(), '"Turing, Alan" <alan>');
    assert.equal(await admin.getByLabel("Message").inputValue(), "Welcome aboard!");
    await admin.getByLabel("E-mail addresses").fill('"Turing, Alan" <alan@example.com>');
    await admin.getByRole("button", { name: "Send invite" }).click();
    await admin.getByText("1 invited").waitFor();
    const { body } = await roster.call("GET", "/v1/users", undefined, token);
    assert.deepEqual(body.items.map((user: { name: string }) => user.name), ["Lovelace, Ada", "Turing, Alan", "Grace Hopper"]);
});

story("500 people come from a file, with mistakes in it", async ({ admin }) => {
    const rows = Array.from({ length: 500 }, (_, at) => (at % 50 === 7 ? `broken ${at},Person ${at}` : `person${at}@example.com,"Person, ${at}"`));
    await admin.goto("/users/import");
    await choose(admin, "team.csv", ["E-Mail,Full name", ...rows].join("\r\n"));
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

story("what is shown once is not lost by a slip", async ({ roster, admin, token }) => {
    const { body } = await roster.call("POST", "/v1/users", { email: "ada@example.com" }, token);
    const dialog = admin.getByRole("dialog");
    /** Slips while the answer is on its way, at the very moment at which it is shown, and afterwards. */
    const slip = async (press: Locator, label: string) => {
        let answer = () => {};
        const isHeld = new Promise<void>((resolve) => (answer = resolve));
        await admin.route("**/v1/**", async (route) => {
            if (route.request().method() === "POST") await isHeld;
            await route.continue();
        });
        await press.click();
        await dialog.locator("button[data-loading]").waitFor();
        await admin.keyboard.press("Escape");
        await admin.mouse.click(5, 5);
        await admin.evaluate((label) => {
            new MutationObserver((_, observer) => {
                const secret = document.querySelector(`[role=dialog] [aria-label="${label}"]`);
                if (!secret) return;
                observer.disconnect();
                secret.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
            }).observe(document.body, { subtree: true, childList: true });
        }, label);
        answer();
        const secret = await dialog.getByLabel(label, { exact: true }).innerText();
        await admin.unroute("**/v1/**");
        await admin.keyboard.press("Escape");
        await admin.mouse.click(5, 5);
        assert.equal(await dialog.getByLabel(label, { exact: true }).innerText(), secret);
        assert.equal(await dialog.getByRole("tab", { disabled: false }).count(), 0);
        await dialog.getByRole("button", { name: "Done" }).click();
        await dialog.waitFor({ state: "hidden" });
    };

    await admin.goto("/users?add=password");
    await admin.getByLabel("E-mail address").fill("alan@example.com");
    await slip(admin.getByRole("button", { name: "Create user" }), "Temporary password");

    await admin.goto(`/users/${body.user.id}`);
    await admin.getByRole("button", { name: "Actions" }).click();
    await admin.getByRole("menuitem", { name: "Reset password" }).click();
    await slip(admin.getByRole("button", { name: "Show it to me" }), "Temporary password");

    await admin.goto("/settings/api-keys?new=1");
    await admin.getByLabel("Name").fill("Nightly import");
    await slip(admin.getByRole("button", { name: "Create key" }), "API key");

    await admin.goto("/settings/webhooks?new=1");
    await admin.getByLabel("Address").fill("https://hooks.example.com");
    await slip(admin.getByRole("button", { name: "Create webhook" }), "Signing secret");
});

story("an import that stops on the way goes on, and its passwords are not left behind", async ({ admin }) => {
    let calls = 0;
    await admin.route("**/v1/users/batch", async (route) => {
        calls += 1;
        // Three are the check. The second part of the import is done, but its answer gets lost.
        if (calls !== 5) return route.continue();
        await route.fetch();
        await route.abort();
    });
    const people = Array.from({ length: 120 }, (_, at) => `person${at}@example.com`);
    await admin.getByRole("link", { name: "Import" }).click();
    await admin.getByText("Basic onboarding").click();
    await choose(admin, "team.csv", ["Email", "broken", ...people.slice(0, 2), "", ...people.slice(1)].join("\n"));
    await admin.getByRole("button", { name: "Check rows" }).click();
    await admin.getByRole("button", { name: "Create 120 users" }).click();
    await admin.getByRole("heading", { name: "Stopped at 50 of 120" }).waitFor();
    await look(admin, "import-stopped");

    const question = admin.getByRole("dialog", { name: "Leave anyway?" });
    const stay = async () => {
        await question.getByText("The temporary passwords were not downloaded").waitFor();
        await question.getByRole("button", { name: "Cancel" }).click();
        await question.waitFor({ state: "hidden" });
        assert.equal(new URL(admin.url()).pathname, "/users/import");
    };
    await admin.getByRole("link", { name: "Apps & roles" }).click();
    await stay();
    await admin.goBack();
    await stay();
    await admin.getByRole("button", { name: "Import another file" }).click();
    await stay();
    const asked = new Promise<string>((resolve) => {
        admin.once("dialog", (dialog) => {
            resolve(dialog.type());
            void dialog.dismiss();
        });
    });
    await admin.evaluate(() => location.reload());
    assert.equal(await asked, "beforeunload");

    await admin.getByRole("button", { name: "Go on" }).click();
    await admin.getByRole("heading", { name: "Finished" }).waitFor({ timeout: 120_000 });
    const [download] = await Promise.all([admin.waitForEvent("download"), admin.getByRole("button", { name: "Download result" }).click()]);
    const rows = readFileSync(await download.path(), "utf8").trim().split("\r\n");
    assert.equal(rows.length, 1 + 122, "every row is in the result");
    assert.match(rows[1]!, /^2,broken,invalid,/);
    assert.match(rows[2]!, /^3,person0@example\.com,created,,\S+$/);
    assert.match(rows[4]!, /^6,person1@example\.com,exists,An earlier row has this address/);
    assert.match(rows.at(-1)!, /^124,person119@example\.com,created,,\S+$/);
    assert.equal(rows.filter((row) => /created,The password was given before/.test(row)).length, 50);
    await admin.goBack();
    await admin.getByRole("heading", { name: "Users" }).waitFor();
});

story("a file is read as a spreadsheet saved it", async ({ roster, admin, token }) => {
    await roster.call("POST", "/v1/apps", { slug: "crm", name: "Customer relations", roles: [{ slug: "su", name: "Power user" }] }, token);
    await admin.goto("/users/import");
    await choose(admin, "team.xlsx", Buffer.from("PK\x03\x04\0\0"));
    await admin.getByText("team.xlsx is no CSV file").waitFor();
    await choose(admin, "empty.csv", "");
    await admin.getByText("There are no rows below the first line of empty.csv").waitFor();
    const rows = "E-mail address;First name;Last name;customer relations\njose@example.com;José;Muñoz;power USER\n";
    await choose(admin, "team.csv", Buffer.from(rows, "latin1"));
    await admin.getByRole("button", { name: "Check rows" }).click();
    await admin.getByRole("button", { name: "Invite 1 person" }).click();
    await admin.getByRole("heading", { name: "Finished" }).waitFor();
    const { body } = await roster.call("GET", "/v1/users?q=jose", undefined, token);
    assert.equal(body.items[0].name, "José Muñoz");
    assert.deepEqual(body.items[0].app_roles, { crm: "su" });
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

story("a step back takes back one filter, one page or one window", async ({ roster, admin, token }) => {
    const invites = Array.from({ length: 120 }, (_, at) => ({ email: `person${String(at).padStart(3, "0")}@example.com` }));
    await roster.call("POST", "/v1/invites/batch", { invites }, token);
    await admin.reload();
    const at = (address: string) => admin.waitForURL((url) => url.pathname + url.search === address);
    await admin.getByRole("group", { name: "Status" }).getByRole("button", { name: /^Invited/ }).click();
    await at("/users?status=invited");
    await admin.getByLabel("Role", { exact: true }).selectOption("member");
    await at("/users?status=invited&role=member");
    await admin.getByRole("searchbox").pressSequentially("per");
    await at("/users?status=invited&role=member&q=per");
    await admin.goBack();
    await at("/users?status=invited&role=member");
    assert.equal(await admin.getByRole("searchbox").inputValue(), "");
    await admin.goBack();
    await admin.goBack();
    await at("/users");
    await admin.getByRole("button", { name: "Add users" }).click();
    await admin.getByRole("menuitem", { name: /Basic onboarding/ }).click();
    await admin.getByRole("dialog").waitFor();
    await admin.goBack();
    await admin.getByRole("dialog").waitFor({ state: "detached" });
    await at("/users");

    const pages = admin.getByRole("navigation", { name: "Pages" });
    const next = pages.getByRole("button", { name: "Next" });
    await next.focus();
    await admin.keyboard.press("Enter");
    await admin.keyboard.press("Enter");
    await pages.getByText("51–100").waitFor();
    await admin.getByRole("link", { name: "person051@example.com" }).waitFor();
    await admin.keyboard.press("Enter");
    await pages.getByText("101–121").waitFor();
    assert.ok(await next.evaluate((button) => button === document.activeElement), "the keyboard stays where it was");
    await admin.getByRole("link", { name: "person110@example.com" }).click();
    await admin.getByRole("heading", { name: "person110@example.com" }).waitFor();
    await admin.locator("main").getByRole("link", { name: "Users" }).click();
    await pages.getByText("101–121").waitFor();
    await pages.getByRole("button", { name: "Previous" }).click();
    await pages.getByText("51–100").waitFor();
});

story("an address with mistakes in it shows what it can", async ({ roster, admin, token }) => {
    await roster.call("POST", "/v1/apps", { slug: "wiki", name: "Wiki" }, token);
    for (const address of ["/users?status=foo", "/users?role=foo", "/users?sort=foo", "/users?app_role=basic"]) {
        await admin.goto(address);
        await admin.getByRole("link", { name: "Grace Hopper" }).waitFor();
    }
    await admin.goto("/apps/wiki?role=foo");
    await admin.getByText("Nobody has access yet").waitFor();
    await admin.goto("/activity?from=junk");
    await admin.getByText("set up this installation").waitFor();
    for (const address of ["/users?cursor=junk", "/users?app=No%20app"]) {
        await admin.goto(address);
        await admin.getByText("This address leads nowhere").waitFor();
        await admin.getByRole("link", { name: "Clear filters" }).click();
        await admin.getByRole("link", { name: "Grace Hopper" }).waitFor();
    }
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
    await admin.keyboard.press("Escape");
    await admin.getByText("1 selected").waitFor();
});

story("what is done to many tells how far it is, and asks before it takes access", async ({ roster, admin, token }) => {
    await roster.call("POST", "/v1/apps", { slug: "wiki", name: "Wiki" }, token);
    for (const name of ["ada", "alan"]) await roster.call("POST", "/v1/users", { email: `${name}@example.com`, app_roles: { wiki: "basic" } }, token);
    await roster.call("POST", "/v1/invites", { email: "barbara@example.com", app_roles: { wiki: "basic" } }, token);
    const { body } = await roster.call("POST", "/v1/invites", { email: "donald@example.com" }, token);
    const bar = admin.getByRole("region", { name: "Selected users" });
    const dialog = admin.getByRole("dialog");
    const select = async (...names: string[]) => {
        for (const name of names) await admin.getByLabel(`Select ${name}@example.com`).click();
    };
    await admin.reload();

    await select("ada", "alan", "barbara");
    let release = () => {};
    const isSeen = new Promise<void>((resolve) => (release = resolve));
    await admin.route("**/v1/users/*/invite", async (route) => {
        await isSeen;
        await route.continue();
    });
    await bar.getByRole("button", { name: "Resend 1 invite" }).click();
    await dialog.getByText("0 of 1").waitFor();
    release();
    await toast(admin, "1 invite sent again");

    await select("ada", "alan", "barbara");
    await bar.getByRole("button", { name: "Set app role" }).click();
    await dialog.getByLabel("Role").selectOption("No access");
    await dialog.getByRole("button", { name: "Apply" }).click();
    await admin.getByRole("dialog", { name: "Take access to Wiki from 3 users?" }).getByRole("button", { name: "Take access" }).click();
    await toast(admin, "Access taken from 3 users");
    await select("ada", "alan");
    await bar.getByRole("button", { name: "Suspend" }).click();
    await dialog.getByRole("button", { name: "Suspend" }).click();
    await toast(admin, "2 users suspended");
    await select("ada", "alan");
    await bar.getByRole("button", { name: "Reactivate" }).click();
    await toast(admin, "2 users reactivated");

    await admin.getByRole("link", { name: "Invites" }).click();
    await admin.getByRole("heading", { name: "Invites" }).waitFor();
    await select("barbara", "donald");
    await admin.route(`**/v1/users/${body.user.id}/invite`, (route) => route.abort());
    await admin.getByRole("button", { name: "Resend 2 invites" }).click();
    await admin.getByRole("dialog", { name: "1 user could not be changed" }).getByText("donald@example.com").waitFor();
    await admin.keyboard.press("Escape");
    await admin.getByText("1 selected").waitFor();
    assert.equal(await admin.getByLabel("Select donald@example.com").isChecked(), true);
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
        await roster.told();
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
