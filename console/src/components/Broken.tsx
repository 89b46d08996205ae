import { Button } from "@mantine/core";
import { Link, useRouteError } from "react-router";
import { texts } from "../texts";
import { Page } from "./Page";
import { Empty } from "./states";

/** Where an error ends that nobody expected. After an update, an old page may also ask for files that are gone. */
export function Broken() {
    const error = useRouteError();
    return (
        <Page title={texts.broken.title}>
            <Empty
                title={texts.broken.what}
                action={<Button onClick={() => location.reload()}>{texts.broken.reload}</Button>}
            >
                {error instanceof Error ? error.message : null}
            </Empty>
        </Page>
    );
}

export function Missing() {
    return (
        <Page title={texts.missing.title}>
            <Empty
                title={texts.missing.what}
                action={
                    <Button component={Link} to="/">
                        {texts.missing.home}
                    </Button>
                }
            />
        </Page>
    );
}
