import { type Language, say } from "../shared/words";
import { type Description, type Schema, inShort, resolved } from "./description";

type Props = {
  language: Language;
  description: Description;
  schema: Schema;
  /** The names above this one: a shape that holds itself is not drawn again. */
  seen: readonly string[];
};

/** What a value looks like: its fields with their types, or the kinds that it may be. */
export function Shape({ language, description, schema, seen }: Props) {
  const { name, schema: found } = resolved(description, schema);
  if (name !== undefined && seen.includes(name)) {
    return (
      <small>
        {name} ({say(language, "reference.again")})
      </small>
    );
  }
  const above = name === undefined ? seen : [...seen, name];
  const kinds = found.oneOf ?? found.anyOf ?? found.allOf;
  const inner = (part: Schema) => <Shape language={language} description={description} schema={part} seen={above} />;
  return (
    <div className="shape">
      <small>
        {name} {inShort(found)}
      </small>
      {found.description && <span> {found.description}</span>}
      {found.items && inner(found.items)}
      {kinds && (
        <ul>
          {kinds.map((kind, nth) => (
            <li key={nth}>{inner(kind)}</li>
          ))}
        </ul>
      )}
      {found.properties && (
        <dl className="fields">
          {Object.entries(found.properties).map(([field, part]) => (
            <div key={field}>
              <dt>
                <code>{field}</code>
                {found.required?.includes(field) && (
                  <small className="must">{say(language, "reference.required")}</small>
                )}
              </dt>
              <dd>{inner(part)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
