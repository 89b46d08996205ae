/** Somebody else's service on this machine, which webhooks are sent to. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export class Receiver {
    /** What it answers with. */
    status = 204;
    /** The types of the events that arrived. */
    readonly types: string[] = [];

    private constructor(private readonly server: Server) {}

    static async start(): Promise<Receiver> {
        const server = createServer((request, response) => {
            let body = "";
            request.on("data", (data: Buffer) => (body += data.toString()));
            request.on("end", () => {
                receiver.types.push((JSON.parse(body) as { type: string }).type);
                response.writeHead(receiver.status).end();
            });
        });
        const receiver = new Receiver(server);
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        return receiver;
    }

    get url(): string {
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/roster`;
    }

    stop(): void {
        this.server.close();
    }
}
