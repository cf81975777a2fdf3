/** Names of hosts in a text of ~/.ssh/config: those without wildcards, in its order (ssh_config(5), keyword Host). */
export function sshHosts(config: string): readonly string[] {
  const names = config.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*host\s*[=\s]\s*(.+)$/i.exec(line);
    return match === null ? [] : match[1]!.split(/\s+/).map((name) => name.replace(/^"|"$/g, ''));
  });
  return [...new Set(names.filter((name) => name !== '' && !/[*?!]/.test(name)))];
}

/** Paths that `Include` names, as written (ssh_config(5)). */
export function sshIncludes(config: string): readonly string[] {
  return config.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*include\s*[=\s]\s*(.+)$/i.exec(line);
    return match === null ? [] : match[1]!.split(/\s+/).map((name) => name.replace(/^"|"$/g, ''));
  });
}
