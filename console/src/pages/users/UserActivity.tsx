import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { userActivityQuery, type User } from "../../api/queries";
import { Entry } from "../../components/Entry";
import { Section } from "../../components/Page";
import { Empty, Shown } from "../../components/states";
import { texts } from "../../texts";
import classes from "./UserPage.module.css";

/** What happened to a user, newest first. */
export function UserActivity({ user }: { user: User }) {
    const activity = useInfiniteQuery(userActivityQuery(user.id));
    return (
        <Section title={texts.activity.title} flush>
            <Shown of={activity}>
                {({ pages }) => {
                    const entries = pages.flatMap(({ items }) => items);
                    if (entries.length === 0) return <Empty title={texts.activity.none} />;
                    return (
                        <>
                            <ul className={`plain ${classes.timeline}`}>
                                {entries.map((entry) => (
                                    <li key={entry.id}>
                                        <Entry entry={entry} />
                                    </li>
                                ))}
                            </ul>
                            {activity.hasNextPage && (
                                <Button
                                    m="sm"
                                    size="xs"
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
        </Section>
    );
}
