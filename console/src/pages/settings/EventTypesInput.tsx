import { Checkbox, Radio } from "@mantine/core";
import type { EventType } from "../../api/queries";
import { texts } from "../../texts";
import classes from "./settings.module.css";

const t = texts.webhooks;

const TYPES = Object.keys(texts.activity.sentences) as EventType[];
/** Every type, by what it is about. */
const GROUPS = [...new Set(TYPES.map(groupOf))].map((group) => ({ group, types: TYPES.filter((type) => groupOf(type) === group) }));

function groupOf(type: EventType): string {
    return type.split(".")[0]!;
}

interface Props {
    name: string;
    value: EventType[];
    error?: string;
    onChange: (value: EventType[]) => void;
}

/** All events, or some types of them. */
export function EventTypesInput({ name, value, error, onChange }: Props) {
    const isAll = value.includes("*");
    return (
        <>
            <Radio.Group
                name={name}
                label={t.events}
                error={error}
                value={isAll ? "all" : "some"}
                onChange={(which) => onChange(which === "all" ? ["*"] : [])}
            >
                <div className={classes.choice}>
                    <Radio value="all" label={t.all} />
                    <Radio value="some" label={t.some} />
                </div>
            </Radio.Group>
            {!isAll && (
                <div className={classes.types}>
                    {GROUPS.map(({ group, types }) => (
                        <fieldset key={group}>
                            <legend>{texts.activity.name(group)}</legend>
                            {types.map((type) => (
                                <Checkbox
                                    key={type}
                                    size="xs"
                                    label={type}
                                    checked={value.includes(type)}
                                    onChange={(event) =>
                                        onChange(event.currentTarget.checked ? [...value, type] : value.filter((other) => other !== type))
                                    }
                                />
                            ))}
                        </fieldset>
                    ))}
                </div>
            )}
        </>
    );
}
