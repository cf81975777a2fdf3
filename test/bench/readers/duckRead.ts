// Reads a file into a table of DuckDB in memory, on one thread, and prints how long that took. Arguments: the module, the file, csv or json.
const [entry, file, format] = process.argv.slice(2);
const { DuckDBInstance } = (await import(entry!)) as DuckModule;
const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
const source = format === 'csv' ? `read_csv('${file}')` : `read_json('${file}', format = 'newline_delimited')`;
const start = performance.now();
await connection.run(`CREATE TABLE log AS SELECT * FROM ${source}`);
console.log(JSON.stringify({ milliseconds: performance.now() - start }));

interface DuckModule {
  readonly DuckDBInstance: {
    create(
      place: string,
      options: { readonly threads: string },
    ): Promise<{
      connect(): Promise<{ run(statement: string): Promise<unknown> }>;
    }>;
  };
}
