import { ActionIcon } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Fragment, useId, useState } from "react";
import { Link, useLocation } from "../navigation";
import { appsQuery, type Activity } from "../api/queries";
import { texts } from "../texts";
import { TimeAgo } from "../time";
import classes from "./Entry.module.css";
import { device } from "./Sessions";

const t = texts.activity;

type Party = Activity["actor"];

const APP_ROLE = "app_roles.";

/** A name by the word that the API has for it; that word, for what a newer installation tells. */
const named = (names: object, word: string) => (names as Record<string, string>)[word] ?? word;

/** How people call the fields that an entry tells of, and what sentences say of them. */
function useNames({ changes }: Activity) {
    const fields = Object.keys(changes);
    const appRole = fields.find((field) => field.startsWith(APP_ROLE));
    const apps = useQuery({ ...appsQuery, enabled: appRole !== undefined });
    const appOf = (field: string) => apps.data?.find(({ slug }) => APP_ROLE + slug === field);
    const nameOfApp = (field: string) => appOf(field)?.name ?? field.slice(APP_ROLE.length);
    /** What a field has become, or was if it is gone. */
    const valueOf = (field: string) => changes[field]?.[1] ?? changes[field]?.[0] ?? "";
    return {
        field: (field: string) => (field.startsWith(APP_ROLE) ? t.roleIn(nameOfApp(field)) : named(t.fields, field)),
        /** What stands in a sentence for a word in braces, and which field it tells of. */
        words: {
            role: { tells: "role", text: named(texts.role, valueOf("role")) },
            template: { tells: "template", text: named(texts.templates.kind, valueOf("template")) },
            ...(appRole && {
                app: { tells: appRole, text: nameOfApp(appRole) },
                app_role: { tells: appRole, text: appOf(appRole)?.roles.find(({ slug }) => slug === valueOf(appRole))?.name ?? valueOf(appRole) },
            }),
        } as Record<string, { tells: string; text: string }>,
    };
}

/** What happened, as a sentence; the details on demand. */
export function Entry({ entry }: { entry: Activity }) {
    const [isOpen, setIsOpen] = useState(false);
    const details = useId();
    const names = useNames(entry);
    const changes = Object.entries(entry.changes);
    const isSelf = entry.actor.kind === entry.subject.kind && entry.actor.id === entry.subject.id;
    // Every second part is a word in braces.
    const parts = (entry.action in t.sentences ? named(t.sentences, entry.action) : `{actor}: ${entry.action} {subject}`).split(/\{(\w+)\}/);
    const told = parts.map((part) => names.words[part]?.tells);
    // What is new has all its fields changed, which says nothing.
    const others = /\.(updated|changed|set|removed)$/.test(entry.action) ? changes.map(([field]) => field).filter((field) => !told.includes(field)) : [];
    return (
        <>
            <div className={classes.entry}>
                <span className={classes.sentence}>
                    {parts.map((part, at) => (
                        <Fragment key={at}>
                            {at % 2 === 0 ? (
                                part
                            ) : part === "actor" ? (
                                <Name of={entry.actor} />
                            ) : part === "subject" ? (
                                isSelf ? t.self : <Name of={entry.subject} />
                            ) : (
                                <strong>{names.words[part]?.text}</strong>
                            )}
                        </Fragment>
                    ))}
                    {others.length > 0 && <span className="muted"> · {others.length > 4 ? t.fieldCount(others.length) : others.map(names.field).join(", ")}</span>}
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
                        <dt>{names.field(field)}</dt>
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
                <div>
                    <dt>{t.show}</dt>
                    <dd className={classes.only}>
                        <Only by="actor" of={entry.actor} text={t.onlyBy} />
                        {entry.subject.kind === "user" && <Only by="subject" of={entry.subject} text={t.onlyTo} />}
                    </dd>
                </div>
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

/** Leads to the activity of one party, within what is shown of the activity now. */
function Only({ by, of, text }: { by: "actor" | "subject"; of: Party; text: (name: string) => string }) {
    const { pathname, search } = useLocation();
    const parameters = new URLSearchParams(pathname === "/activity" ? search : "");
    if (!of.id) return null;
    parameters.set(by, of.id);
    return <Link to={`/activity?${parameters}`}>{text(of.label ?? of.id)}</Link>;
}
