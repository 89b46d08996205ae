import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { appsQuery } from "../api/queries";
import { queries } from "../queries";
import { texts } from "../texts";
import classes from "./AppRolesInput.module.css";

interface Props {
    value: Record<string, string>;
    onChange: (value: Record<string, string>) => void;
}

/** The roles of somebody that are there to be given: another admin may have deleted one, or its app, meanwhile. */
export async function existing(roles: Record<string, string>): Promise<Record<string, string>> {
    const apps = await queries.ensureQueryData(appsQuery);
    const isThere = ([app, role]: [string, string]) => apps.some(({ slug, roles }) => slug === app && roles.some(({ slug }) => slug === role));
    return Object.fromEntries(Object.entries(roles).filter(isThere));
}

/** The role in each app: a line for every app. */
export function AppRolesInput({ value, onChange }: Props) {
    const apps = useQuery(appsQuery);
    if (!apps.data || apps.data.length === 0) return null;
    return (
        <fieldset className={classes.apps}>
            <legend>{texts.fields.appRoles}</legend>
            <div className={classes.list}>
                {apps.data.map((app) => (
                    <label key={app.slug} className={classes.app}>
                        <span className="truncate">{app.name}</span>
                        <NativeSelect
                            size="xs"
                            value={value[app.slug] ?? ""}
                            onChange={(event) => {
                                const role = event.currentTarget.value;
                                const others = Object.entries(value).filter(([slug]) => slug !== app.slug);
                                onChange(Object.fromEntries(role ? [...others, [app.slug, role]] : others));
                            }}
                            data={[
                                { value: "", label: texts.fields.noAccess },
                                ...app.roles.map(({ slug, name }) => ({ value: slug, label: name })),
                            ]}
                        />
                    </label>
                ))}
            </div>
        </fieldset>
    );
}
