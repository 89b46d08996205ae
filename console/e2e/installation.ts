/** A local installation of its own for a test, and what a test does with it beside the browser. */
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = process.env.ROSTER_PROGRAM ?? fileURLToPath(new URL("../../target/debug/roster", import.meta.url));
export const SETUP_SECRET = "open sesame";
export const PASSWORD = "gleaming tortoise under nine clouds";

export interface Mail {
    id: string;
    to: string[];
    subject: string;
    text: string;
    html: string;
}

export class Installation {
    private constructor(
        readonly url: string,
        private readonly child: ChildProcess,
    ) {}

    static async start(): Promise<Installation> {
        const child = spawn(program, ["--ephemeral", "--port", "0"], {
            env: { ...process.env, ROSTER_SETUP_SECRET: SETUP_SECRET },
            stdio: ["ignore", "pipe", "inherit"],
        });
        const url = await new Promise<string>((resolve, reject) => {
            let said = "";
            child.stdout.on("data", (data: Buffer) => {
                said += data.toString();
                const found = /listening on (\S+)/.exec(said);
                if (found?.[1]) resolve(found[1]);
            });
            child.on("error", reject);
            child.on("exit", (code) => reject(new Error(`the installation ended with ${code}`)));
        });
        return new Installation(url, child);
    }

    stop(): void {
        this.child.kill();
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests say what they expect
    async call(method: string, path: string, body?: unknown, token?: string): Promise<{ status: number; body: any }> {
        const response = await fetch(this.url + path, {
            method,
            headers: {
                ...(body === undefined ? {} : { "Content-Type": "application/json" }),
                ...(token ? { Authorization: `Bearer ${token}` } : {}),
            },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        const text = await response.text();
        return { status: response.status, body: text && response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text };
    }

    /** Sets up the first admin; answers their token. */
    async setUp(email = "grace@example.com", name = "Grace Hopper"): Promise<string> {
        const { status, body } = await this.call("POST", "/v1/setup", { setup_secret: SETUP_SECRET, email, name, password: PASSWORD });
        if (status !== 201) throw new Error(`setup: ${status} ${JSON.stringify(body)}`);
        return body.token;
    }

    async configureEmail(token: string): Promise<void> {
        const { status, body } = await this.call("PUT", "/v1/settings/email", {
            from_address: "users@example.com",
            from_name: "Analytical Engines",
            company: "Analytical Engines",
            platform_url: this.url,
        }, token);
        if (status !== 200) throw new Error(`e-mail settings: ${status} ${JSON.stringify(body)}`);
    }

    /** The newest mail to somebody, when it has come. */
    async mail(to: string, subject = /./): Promise<Mail> {
        for (let tries = 0; tries < 100; tries++) {
            const { body } = await this.call("GET", "/_local/mail");
            const found = (body.items as Mail[]).find((mail) => mail.to.includes(to) && subject.test(mail.subject));
            if (found) return found;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`no mail came to ${to}`);
    }

    /** The link in the newest mail to somebody. */
    async link(to: string, subject?: RegExp): Promise<string> {
        const link = /https?:\S+#token=\S+/.exec((await this.mail(to, subject)).text)?.[0];
        if (!link) throw new Error(`the mail to ${to} has no link`);
        return link;
    }

    /** Waits until webhooks have been told of what has happened. */
    async told(): Promise<void> {
        await this.call("POST", "/_local/run/deliver_webhook");
    }

    async advance(seconds: number): Promise<void> {
        await this.call("POST", "/_local/clock", { advance_seconds: seconds });
    }
}
