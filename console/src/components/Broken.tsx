import { Button } from "@mantine/core";
import { Component, type PropsWithChildren } from "react";
import { texts } from "../texts";
import { Page } from "./Page";
import { Empty } from "./states";

/** Where an error ends that nobody expected. After an update, an old page may also ask for files that are gone. */
export class Boundary extends Component<PropsWithChildren, { error?: unknown }> {
    override state: { error?: unknown } = {};

    static getDerivedStateFromError(error: unknown) {
        return { error };
    }

    override render() {
        const { error } = this.state;
        return error === undefined ? this.props.children : <Broken error={error} />;
    }
}

function Broken({ error }: { error: unknown }) {
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
