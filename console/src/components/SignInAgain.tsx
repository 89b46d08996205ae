import { Button, Modal, PasswordInput, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import { sessionQuery } from "../api/queries";
import { signInDone, signInNeeded } from "../api/signin";
import { forgetDrafts, useForm } from "../form";
import { signInPath } from "../session";
import { texts } from "../texts";
import { SignInRefusal } from "./SignInRefusal";

const t = texts.signInAgain;

/** Signs in again over the page when the session has ended, so that nothing typed is lost. */
export function SignInAgain() {
    const isNeeded = signInNeeded.use().length > 0;
    const leave = () => {
        signInDone(false);
        location.assign(signInPath());
    };
    return (
        <Modal opened={isNeeded} onClose={leave} title={t.title} zIndex={340} closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false}>
            <SignInForm leave={leave} />
        </Modal>
    );
}

function SignInForm({ leave }: { leave: () => void }) {
    const queries = useQueryClient();
    const before = queries.getQueryData(sessionQuery.queryKey)?.user;
    const form = useForm({
        initial: { email: before?.email ?? "", password: "" },
        send: async (body) => {
            const started = await answer(api.POST("/v1/sessions", { body }));
            if (started.user.id !== before?.id || started.password_change_required) {
                // Somebody else must not go on with what was open here.
                forgetDrafts();
                location.assign("/");
                return;
            }
            await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
            signInDone(true);
        },
    });
    return (
        <form {...form.props} className="stack">
            <p className="muted">{t.lead}</p>
            <SignInRefusal error={form.error} />
            <TextInput label={texts.fields.email} type="email" autoComplete="username" {...form.text("email")} readOnly={before !== undefined} />
            <PasswordInput
                label={texts.fields.password}
                autoComplete="current-password"
                data-autofocus
                {...form.text("password")}
            />
            <div className="row end">
                <Button variant="default" onClick={leave}>
                    {t.leave}
                </Button>
                <Button type="submit" loading={form.isBusy}>
                    {t.go}
                </Button>
            </div>
        </form>
    );
}
