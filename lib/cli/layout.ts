/** Where the files of an installed ttygate belong, by the package and by `ttygate install`. */

/** One kind of installation. */
export interface Layout {
  /** The program itself. */
  readonly bin: string;
  /** Deno, the modules and the assets, where the program is not one executable. */
  readonly lib: string;
  readonly units: string;
  /** What comes along for these units; an administrator's own go before it (systemd.unit(5)). */
  readonly dropIns: string;
  readonly share: string;
  /** Where zsh finds completions (Debian's fpath). */
  readonly zsh: string;
  readonly sysusers: string;
  readonly tmpfiles: string;
  readonly sysctl: string;
}

/** As a package manager installs it. */
export const PACKAGED: Layout = {
  bin: "/usr/bin/ttygate",
  lib: "/usr/lib/ttygate",
  units: "/usr/lib/systemd/system",
  dropIns: "/usr/lib/systemd/system",
  share: "/usr/share",
  zsh: "/usr/share/zsh/vendor-completions",
  sysusers: "/usr/lib/sysusers.d",
  tmpfiles: "/usr/lib/tmpfiles.d",
  sysctl: "/usr/lib/sysctl.d",
};

/** As an administrator installs it by hand (Filesystem Hierarchy Standard 3.0, 4.9). */
export const LOCAL: Layout = {
  bin: "/usr/local/bin/ttygate",
  lib: "/usr/local/lib/ttygate",
  units: "/etc/systemd/system",
  dropIns: "/usr/local/lib/systemd/system",
  share: "/usr/local/share",
  zsh: "/usr/local/share/zsh/site-functions",
  sysusers: "/etc/sysusers.d",
  tmpfiles: "/etc/tmpfiles.d",
  sysctl: "/etc/sysctl.d",
};

export const CONFIG = "/etc/ttygate/ttygate.toml";
/** What is an administrator's own once it is there. */
export const CONFIGS: readonly string[] = [CONFIG, "/etc/ttygate/egress.nft"];

/** One file to install. */
export interface Placed {
  /** Its path under the top of the checkout, kept in the program's `share/`. */
  readonly from: string;
  /** Its absolute path on the system. */
  readonly to: string;
}

/** Every file but the program itself; `units` are the names of what is in systemd/. */
export function placed(layout: Layout, units: readonly string[]): Placed[] {
  const { share, dropIns, sysusers, tmpfiles, sysctl } = layout;
  return [
    ...units.map((name) => ({ from: `systemd/${name}`, to: `${layout.units}/${name}` })),
    { from: "scripts/packaging/agent-gateway.conf", to: `${dropIns}/ttygate.service.d/agent.conf` },
    {
      from: "scripts/packaging/agent-sweep.conf",
      to: `${dropIns}/ttygate-sweep.service.d/agent.conf`,
    },
    { from: "scripts/packaging/installed.toml", to: `${share}/ttygate/installed.toml` },
    { from: "scripts/packaging/sysusers.conf", to: `${sysusers}/ttygate.conf` },
    { from: "scripts/packaging/tmpfiles.conf", to: `${tmpfiles}/ttygate.conf` },
    { from: "scripts/packaging/sysctl.conf", to: `${sysctl}/60-ttygate.conf` },
    { from: "scripts/packaging/ttygate.1", to: `${share}/man/man1/ttygate.1` },
    { from: "scripts/packaging/ttygate.toml.5", to: `${share}/man/man5/ttygate.toml.5` },
    {
      from: "scripts/packaging/completion.bash",
      to: `${share}/bash-completion/completions/ttygate`,
    },
    { from: "scripts/packaging/completion.zsh", to: `${layout.zsh}/_ttygate` },
    { from: "scripts/packaging/egress.nft", to: `${share}/ttygate/egress.nft` },
    { from: "scripts/packaging/ttygate.toml", to: CONFIG },
    { from: "scripts/packaging/egress-local.nft", to: CONFIGS[1]! },
  ];
}

/** A file's text with the program's paths in it as this layout has them. */
export function fitted(text: string, { bin, lib, share }: Layout): string {
  return text
    .replaceAll(/(?<![\w/])\/usr\/(?:local\/)?bin\/ttygate\b/g, bin)
    .replaceAll(/(?<![\w/])\/usr\/(?:local\/)?share\/ttygate\b/g, `${share}/ttygate`)
    .replaceAll("@LIB@", lib);
}

/** The units that are started by themselves once installed: those that say what wants them. */
export function isEnabled(unit: string): boolean {
  return /^\[Install\]$/m.test(unit);
}
