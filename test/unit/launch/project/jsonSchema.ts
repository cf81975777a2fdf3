import type { Fields, Shape } from '../../../../src/launch/project/shape.ts';

type Schema = { [key: string]: unknown };

/** The JSON schema of a shape: what `resources/schemas/trainyard.schema.json` must hold. */
export function jsonSchemaOf(shape: Shape): Schema {
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'trainyard.yaml', ...schemaOf(shape) };
}

function schemaOf(shape: Shape): Schema {
  const said = shape.description === undefined ? {} : { description: shape.description };
  switch (shape.type) {
    case 'text':
      if (shape.choices !== undefined) return { type: 'string', enum: shape.choices, ...said };
      // Numbers and truth values are taken as they are written: time: 60, mem: 64.
      return { type: ['string', 'number', 'boolean', ...(shape.mayBeEmpty ? ['null'] : [])], ...said };
    case 'number':
    case 'integer':
      return { type: shape.type, ...said };
    case 'flag':
      return { type: 'boolean', ...said };
    case 'list':
      return { type: 'array', items: schemaOf(shape.of), ...(shape.notEmpty ? { minItems: 1 } : {}), ...said };
    case 'names':
      return { type: 'object', additionalProperties: schemaOf(shape.of), ...said };
    case 'object':
      return { ...objectOf(shape.fields), ...said };
    case 'kinds':
      return {
        type: 'object',
        required: ['kind'],
        oneOf: Object.entries(shape.kinds).map(([kind, fields]) => {
          const {
            properties,
            required = [],
            ...rest
          } = objectOf(fields) as { properties: Schema; required?: string[] };
          return { ...rest, properties: { kind: { const: kind }, ...properties }, required: ['kind', ...required] };
        }),
        ...said,
      };
  }
}

function objectOf(fields: Fields): Schema {
  const required = Object.keys(fields).filter((name) => fields[name]!.required === true);
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const schema = schemaOf(field);
      // A key with nothing behind it counts as absent while it is being written.
      if (
        field.required !== true &&
        typeof schema['type'] === 'string' &&
        schema['enum'] === undefined &&
        schema['oneOf'] === undefined
      )
        schema['type'] = [schema['type'], 'null'];
      return [name, schema];
    }),
  );
  return { type: 'object', additionalProperties: false, properties, ...(required.length > 0 ? { required } : {}) };
}
