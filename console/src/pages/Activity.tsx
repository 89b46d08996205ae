import { Button, NativeSelect, TextInput } from "@mantine/core";
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
    const actor = url.get("actor");
    const filter = {
        action: url.get("action"),
        actor,
        from: startOf(url.get("from"), 0),
        to: startOf(url.get("to"), 1),
    };
    const activity = useInfiniteQuery(activityQuery(filter));
    const who = useQuery({ ...userQuery(actor ?? ""), enabled: actor !== undefined });
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
                {actor && (
                    <Button variant="default" onClick={() => url.change({ actor: undefined })}>
                        {t.by(who.data?.name ?? who.data?.email ?? actor)} ✕
                    </Button>
                )}
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
