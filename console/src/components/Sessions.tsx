import { Button } from "@mantine/core";
import type { Session } from "../api/queries";
import { texts } from "../texts";
import { TimeAgo } from "../time";
import { confirm } from "./confirm";
import { Label } from "./labels";
import table from "./table.module.css";

const t = texts.sessions;

interface Props {
    sessions: Session[];
    end: (session: Session) => void;
}

/** Sessions with their devices. */
export function Sessions({ sessions, end }: Props) {
    const ask = async (session: Session) => {
        if (await confirm({ title: t.endTitle(device(session.user_agent)), body: t.endBody, confirm: t.end, danger: true })) end(session);
    };
    return (
        <div className={table.scroll}>
            <table className={table.table}>
                <thead>
                    <tr>
                        <th>{t.device}</th>
                        <th className={table.optional}>{t.ip}</th>
                        <th>{t.seen}</th>
                        <th className={table.optional}>{t.began}</th>
                        <th>
                            <span className="hidden">{t.end}</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {sessions.map((session) => (
                        <tr key={session.id}>
                            <td>
                                <span className="row">
                                    <span title={session.user_agent ?? undefined}>{device(session.user_agent)}</span>
                                    {session.current && <Label tone="good">{t.current}</Label>}
                                </span>
                            </td>
                            <td className={`${table.optional} number`}>{session.ip ?? "–"}</td>
                            <td className={table.nowrap}>
                                <TimeAgo at={session.last_seen_at} />
                            </td>
                            <td className={`${table.optional} ${table.nowrap}`}>
                                <TimeAgo at={session.created_at} />
                            </td>
                            <td className={table.right}>
                                {!session.current && (
                                    <Button size="compact-xs" variant="subtle" color="danger" onClick={() => void ask(session)}>
                                        {t.end}
                                    </Button>
                                )}
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

const BROWSERS: [RegExp, string][] = [
    [/Edg/, "Edge"],
    [/OPR|Opera/, "Opera"],
    [/Firefox/, "Firefox"],
    [/Chrom(e|ium)/, "Chrome"],
    [/Safari/, "Safari"],
    [/curl/, "curl"],
];
const SYSTEMS: [RegExp, string][] = [
    [/iPhone|iPad/, "iOS"],
    [/Android/, "Android"],
    [/Windows/, "Windows"],
    [/Mac OS/, "macOS"],
    [/Linux/, "Linux"],
];

/** A browser and a system, as people call them. */
export function device(agent: string | null | undefined): string {
    if (!agent) return t.unknown;
    const name = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(agent))?.[1];
    const [browser, system] = [name(BROWSERS), name(SYSTEMS)];
    if (browser && system) return t.on(browser, system);
    return browser ?? system ?? agent.split(/[ /]/)[0]!;
}
