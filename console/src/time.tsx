const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
    ["year", 31_536_000],
    ["month", 2_592_000],
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
];
const relativeFormat = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absoluteFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** "3 days ago", "in 2 hours". */
export function relative(at: string, now = Date.now()): string {
    const seconds = (new Date(at).getTime() - now) / 1_000;
    const unit = UNITS.find(([, length]) => Math.abs(seconds) >= length);
    return unit ? relativeFormat.format(Math.round(seconds / unit[1]), unit[0]) : relativeFormat.format(0, "minute").replace("this minute", "just now");
}

export function absolute(at: string): string {
    return absoluteFormat.format(new Date(at));
}

export function day(at: string): string {
    return dayFormat.format(new Date(at));
}

/** A time as people say it; exactly when pointed at. */
export function TimeAgo({ at, none = "–" }: { at: string | null | undefined; none?: string }) {
    if (!at) return <span className="muted">{none}</span>;
    return (
        <time dateTime={at} title={absolute(at)}>
            {relative(at)}
        </time>
    );
}
