import { ActionIcon } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useId, useState } from "react";
import { Link } from "../navigation";
import type { Activity } from "../api/queries";
import { texts } from "../texts";
import { TimeAgo } from "../time";
import classes from "./Entry.module.css";
import { device } from "./Sessions";

const t = texts.activity;

type Party = Activity["actor"];

/** Nothing, for what a newer installation tells. */
function sentenceOf(action: string): string | undefined {
    return (t.sentences as Record<string, string>)[action];
}

/** What happened, as a sentence; the details on demand. */
export function Entry({ entry }: { entry: Activity }) {
    const [isOpen, setIsOpen] = useState(false);
    const details = useId();
    const changes = Object.entries(entry.changes);
    // What is new has all its fields changed, which says nothing.
    const told = /\.(updated|changed|set|removed)$/.test(entry.action) ? changes.map(([field]) => field).join(", ") : "";
    const isSelf = entry.actor.kind === entry.subject.kind && entry.actor.id === entry.subject.id;
    const sentence = (sentenceOf(entry.action) ?? `{actor}: ${entry.action} {subject}`).split(/(\{\w+\})/);
    return (
        <>
            <div className={classes.entry}>
                <span className={classes.sentence}>
                    {sentence.map((part, at) =>
                        part === "{actor}" ? (
                            <Name key={at} of={entry.actor} />
                        ) : part === "{subject}" ? (
                            isSelf ? (
                                <span key={at}>{t.self}</span>
                            ) : (
                                <Name key={at} of={entry.subject} />
                            )
                        ) : (
                            part
                        ),
                    )}
                    {told && <span className="muted"> · {told}</span>}
                </span>
                <span className={classes.time}>
                    <TimeAgo at={entry.at} />
                </span>
                <ActionIcon
                    size="sm"
                    variant="subtle"
                    color="gray"
                    aria-label={t.details}
                    aria-expanded={isOpen}
                    aria-controls={details}
                    onClick={() => setIsOpen(!isOpen)}
                >
                    <IconChevronDown size={14} className={classes.chevron} />
                </ActionIcon>
            </div>
            <dl id={details} className={classes.details} hidden={!isOpen}>
                {changes.map(([field, [before, after]]) => (
                    <div key={field}>
                        <dt>{field}</dt>
                        <dd>
                            {before && <del>{before}</del>} {after && <ins>{after}</ins>}
                        </dd>
                    </div>
                ))}
                {entry.ip && (
                    <div>
                        <dt>{t.from}</dt>
                        <dd>
                            {entry.ip} · {device(entry.user_agent)}
                        </dd>
                    </div>
                )}
                <div>
                    <dt>{t.action}</dt>
                    <dd className="mono">{entry.action}</dd>
                </div>
                {entry.request_id && (
                    <div>
                        <dt>{t.request}</dt>
                        <dd className="mono">{entry.request_id}</dd>
                    </div>
                )}
            </dl>
        </>
    );
}

function Name({ of }: { of: Party }) {
    if (of.kind === "system") return <strong>{t.system}</strong>;
    if (of.kind === "anonymous") return <strong>{t.anonymous}</strong>;
    if (of.kind === "user" && of.id) return <Link to={`/users/${of.id}`}>{of.label ?? of.id}</Link>;
    if (of.kind === "app" && of.id) return <Link to={`/apps/${of.id}`}>{of.label ?? of.id}</Link>;
    return <strong>{of.label ?? of.kind}</strong>;
}
