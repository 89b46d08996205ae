import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import { Unread } from "../components/states";
import { Tooltip } from "../components/Tooltip";
import { texts } from "../texts";
import classes from "./Activity.module.css";

const t = texts.activity;
const DAYS = 14;
/** Pages that are read for one series at most: the chart is small, and says so when it does not know all. */
const PAGES = 10;

const SERIES = [
    { action: "session.started", label: t.signIns, color: "var(--mantine-color-accent-4)" },
    { action: "session.refused", label: t.failures, color: "var(--bad)" },
    { action: "user.invited", label: t.invites, color: "var(--good)" },
];

const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

const atLeast = (count: number, isPartial: boolean) => (isPartial ? t.atLeast(count) : count.toLocaleString("en"));

/** How often people signed in, failed to, and were invited, by day. */
export function ActivityChart() {
    const counts = useQuery({ queryKey: ["activity", "chart"], queryFn: () => Promise.all(SERIES.map(({ action }) => countByDay(action))) });
    if (!counts.data) {
        return (
            <div className={classes.chart}>
                <Unread of={counts} />
            </div>
        );
    }
    const { data } = counts;
    const days = lastDays();
    const total = (day: Date) => data.reduce((sum, { byDay }) => sum + (byDay.get(day.toDateString()) ?? 0), 0);
    const max = Math.max(4, ...days.map(total));
    const isPartial = data.some(({ oldest }) => oldest);
    return (
        <figure className={classes.chart} style={{ marginInline: 0 }}>
            <figcaption className={classes.legend}>
                <span>{t.chart(DAYS)}</span>
                <ul className="plain">
                    {SERIES.map(({ label, color }, at) => (
                        <li key={label} style={{ "--series": color } as React.CSSProperties}>
                            {label} <strong className="number">{atLeast(data[at]!.all, data[at]!.oldest !== null)}</strong>
                        </li>
                    ))}
                </ul>
            </figcaption>
            <div className={classes.bars} aria-hidden>
                {days.map((day) => {
                    const values = SERIES.map(({ label }, at) => {
                        const { byDay, oldest } = data[at]!;
                        const count = byDay.get(day.toDateString()) ?? 0;
                        return { label, at, count, told: atLeast(count, oldest !== null && day < oldest) };
                    });
                    return (
                        <Tooltip key={day.getTime()} isPassed text={`${dayFormat.format(day)} · ${values.map(({ label, told }) => `${label} ${told}`).join(" · ")}`}>
                            <div className={classes.bar}>
                                {values
                                    .filter(({ count }) => count > 0)
                                    .map(({ at, count }) => (
                                        <i key={at} style={{ height: `${(count / max) * 100}%`, "--series": SERIES[at]!.color } as React.CSSProperties} />
                                    ))}
                            </div>
                        </Tooltip>
                    );
                })}
            </div>
            <div className={`muted ${classes.days}`} aria-hidden>
                <span>{dayFormat.format(days[0])}</span>
                <span>{dayFormat.format(days.at(-1))}</span>
            </div>
            {isPartial && <p className="muted small">{t.partial}</p>}
        </figure>
    );
}

function lastDays(): Date[] {
    return Array.from({ length: DAYS }, (_, at) => {
        const day = new Date();
        day.setHours(0, 0, 0, 0);
        day.setDate(day.getDate() - (DAYS - 1 - at));
        return day;
    });
}

interface Counts {
    byDay: Map<string, number>;
    all: number;
    /** The time of the oldest that was counted, where there are older ones. */
    oldest: Date | null;
}

async function countByDay(action: string): Promise<Counts> {
    const times: Date[] = [];
    const from = lastDays()[0]!.toISOString();
    let cursor: string | undefined;
    for (let page = 0; page < PAGES; page++) {
        const list = await answer(api.GET("/v1/activity", { params: { query: { action, from, limit: 100, cursor } } }));
        times.push(...list.items.map(({ at }) => new Date(at)));
        cursor = list.next_cursor ?? undefined;
        if (!cursor) break;
    }
    const byDay = new Map<string, number>();
    for (const day of times.map((time) => time.toDateString())) byDay.set(day, (byDay.get(day) ?? 0) + 1);
    return { byDay, all: times.length, oldest: cursor ? (times.at(-1) ?? new Date()) : null };
}
