import { type FSWatcher, statSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'

/** Watches folders, not files: an editor that saves by renaming another file into place gives the name a new file. */
export interface Folders {
  /** Watches these from now on, and no others; where one does not exist, the folder above that does. */
  set(folders: Iterable<string>): void
  close(): void
}

/** `onChange` receives the path of what was written, made, renamed or removed, several times for one change. */
export function watchFolders(onChange: (path: string) => void): Folders {
  const watchers = new Map<string, { readonly inode: number; readonly watcher: FSWatcher }>()

  const forget = (folder: string): void => {
    watchers.get(folder)?.watcher.close()
    watchers.delete(folder)
  }
  const add = (folder: string, inode: number): void => {
    // A folder that was removed and made again is another one.
    if (watchers.get(folder)?.inode === inode) return
    forget(folder)
    const watcher = watch(folder, (_, name) => onChange(name === null ? folder : join(folder, name)))
    // It was removed; whoever sets the folders next finds that out.
    watcher.on('error', () => onChange(folder))
    watchers.set(folder, { inode, watcher })
  }
  return {
    set(folders) {
      const wanted = new Map([...folders].map(existing))
      for (const folder of [...watchers.keys()]) if (!wanted.has(folder)) forget(folder)
      for (const [folder, inode] of wanted) add(folder, inode)
    },
    close() {
      for (const folder of [...watchers.keys()]) forget(folder)
    },
  }
}

/** The folder, or the nearest above it that exists, with its inode. */
function existing(folder: string): [folder: string, inode: number] {
  const stats = statSync(folder, { throwIfNoEntry: false })
  if (stats?.isDirectory()) return [folder, stats.ino]
  const parent = dirname(folder)
  return parent === folder ? [folder, 0] : existing(parent)
}
