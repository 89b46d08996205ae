import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "../navigation";
import { activityQuery, userQuery, type Activity as Happened } from "../api/queries";
import { Entry } from "../components/Entry";
import { Page } from "../components/Page";
import { Empty, Shown } from "../components/states";
import { texts } from "../texts";
import { useUrl } from "../url";
import { ActivityChart } from "./ActivityChart";
import classes from "./Activity.module.css";

const t = texts.activity;

export default function Activity() {
    const url = useUrl();
    const filter = {
        action: url.get("action"),
        actor: url.get("actor"),
        subject: url.get("subject"),
        from: startOf(url.get("from"), 0),
        to: startOf(url.get("to"), 1),
    };
    const activity = useInfiniteQuery(activityQuery(filter));
    const parties = activity.data?.pages.flatMap(({ items }) => items.flatMap(({ actor, subject }) => [actor, subject]));
    const isFiltered = Object.values(filter).some(Boolean);
    return (
        <Page title={t.title} lead={t.lead}>
            <ActivityChart />
            <div className={classes.filters}>
                <NativeSelect
                    label={t.action}
                    value={url.get("action") ?? ""}
                    onChange={(event) => url.change({ action: event.currentTarget.value })}
                    data={[
                        { value: "", label: t.anyAction },
                        ...Object.keys(t.sentences).map((action) => ({ value: action, label: t.name(action) })),
                    ]}
                />
                <TextInput type="date" label={t.since} value={url.get("from") ?? ""} onChange={(event) => url.change({ from: event.currentTarget.value }, { replace: Boolean(url.get("from")) })} />
                <TextInput type="date" label={t.until} value={url.get("to") ?? ""} onChange={(event) => url.change({ to: event.currentTarget.value }, { replace: Boolean(url.get("to")) })} />
                {filter.actor && <PartyFilter id={filter.actor} among={parties} text={t.by} remove={() => url.change({ actor: undefined })} />}
                {filter.subject && <PartyFilter id={filter.subject} among={parties} text={t.to} remove={() => url.change({ subject: undefined })} />}
                {isFiltered && (
                    <Button variant="subtle" component={Link} to="/activity">
                        {texts.users.clear}
                    </Button>
                )}
            </div>
            <div className={classes.card}>
                <Shown of={activity} rows={8}>
                    {({ pages }) => {
                        const entries = pages.flatMap(({ items }) => items);
                        if (entries.length === 0) return <Empty title={isFiltered ? t.noneFound : t.none}>{isFiltered ? t.noneFoundLead : null}</Empty>;
                        return (
                            <>
                                {byDay(entries).map(([day, entries]) => (
                                    <section key={day} aria-label={day}>
                                        <h2 className={classes.day}>{day}</h2>
                                        <ul className="plain">
                                            {entries.map((entry) => (
                                                <li key={entry.id} className={classes.item}>
                                                    <Entry entry={entry} />
                                                </li>
                                            ))}
                                        </ul>
                                    </section>
                                ))}
                                {activity.hasNextPage && (
                                    <Button
                                        m="md"
                                        variant="default"
                                        loading={activity.isFetchingNextPage}
                                        onClick={() => void activity.fetchNextPage()}
                                    >
                                        {texts.common.more}
                                    </Button>
                                )}
                            </>
                        );
                    }}
                </Shown>
            </div>
        </Page>
    );
}

interface PartyFilterProps {
    id: string;
    /** Who is in the list, once it is read. */
    among: Happened["actor"][] | undefined;
    text: (name: string) => string;
    remove: () => void;
}

/** That only what has to do with somebody is shown. The list knows the names of those who are gone, too. */
function PartyFilter({ id, among, text, remove }: PartyFilterProps) {
    const label = among?.find((party) => party.id === id)?.label;
    const user = useQuery({ ...userQuery(id), enabled: among !== undefined && !label });
    const shown = text(label ?? user.data?.name ?? user.data?.email ?? id);
    return (
        <Button variant="light" rightSection={<IconX size={14} />} aria-label={t.remove(shown)} onClick={remove}>
            {shown}
        </Button>
    );
}

/** The start of a day, or of one some days later, as the API takes it. */
function startOf(day: string | undefined, later: number): string | undefined {
    if (!day) return undefined;
    const date = new Date(`${day}T00:00:00`);
    date.setDate(date.getDate() + later);
    if (Number.isNaN(date.getTime())) return undefined;
    return date.toISOString();
}

const dayFormat = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

function byDay(entries: Happened[]): [string, Happened[]][] {
    const days = new Map<string, Happened[]>();
    for (const entry of entries) {
        const day = dayFormat.format(new Date(entry.at));
        days.set(day, [...(days.get(day) ?? []), entry]);
    }
    return [...days];
}
