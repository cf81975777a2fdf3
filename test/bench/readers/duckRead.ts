// Reads a file into a table of DuckDB in memory, on one thread, and prints how long that took. Arguments: the module, the file, csv or json.
const [entry, file, format] = process.argv.slice(2);
const { DuckDBInstance } = (await import(entry!)) as DuckModule;
const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
const source = format === 'csv' ? `read_csv('${file}')` : `read_json('${file}', format = 'newline_delimited')`;
const [start, before] = [performance.now(), process.cpuUsage()];
await connection.run(`CREATE TABLE log AS SELECT * FROM ${source}`);
const milliseconds = performance.now() - start;
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ milliseconds, userMilliseconds: user / 1e3, systemMilliseconds: system / 1e3 }));

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
