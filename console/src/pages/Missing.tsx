import { Button } from "@mantine/core";
import { Page } from "../components/Page";
import { Empty } from "../components/states";
import { Link } from "../navigation";
import { texts } from "../texts";

export default function Missing() {
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
