import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../../tools/project.js'
import { run } from '../program.js'

/** A folder outside of this project in which services are that have its package installed. */
export interface Home {
  /** The installed package. */
  readonly millrace: string
  /** Writes a service, by the paths of its files; writes over one that is there. */
  service(name: string, files: Readonly<Record<string, string>>): Promise<string>
  /** A service with the files of a folder of this project. */
  copy(name: string, from: string): Promise<string>
  /** This project's own service. */
  project(): Promise<string>
  remove(): Promise<void>
}

/** Packs this project and installs it there, beside the packages that this project has itself. */
export async function makeHome(): Promise<Home> {
  const home = await mkdtemp(join(tmpdir(), 'millrace-deploy-'))
  const modules = join(home, 'node_modules')
  const installed = join(modules, 'millrace')
  await mkdir(installed, { recursive: true })
  const packed = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', home], { cwd: root, env: env() })
  const archive = (await readdir(home)).find((name) => name.endsWith('.tgz'))
  if (packed.status !== 0 || !archive) throw new Error(`npm pack: ${packed.output}`)
  const unpacked = await run('tar', ['-xzf', join(home, archive), '--strip-components=1', '-C', installed], {
    cwd: home,
  })
  if (unpacked.status !== 0) throw new Error(`tar: ${unpacked.output}`)
  const others = (await readdir(join(root, 'node_modules'))).filter((name) => name !== 'millrace')
  await Promise.all(others.map((name) => symlink(join(root, 'node_modules', name), join(modules, name))))
  return {
    millrace: installed,
    async service(name, files) {
      const folder = join(home, name)
      for (const [path, text] of Object.entries(files)) {
        await mkdir(join(folder, path, '..'), { recursive: true })
        await writeFile(join(folder, path), text)
      }
      return folder
    },
    async copy(name, from) {
      await cp(join(root, from), join(home, name), { recursive: true })
      return join(home, name)
    },
    async project() {
      const folder = join(home, 'project')
      await mkdir(folder)
      for (const name of ['package.json', 'serverless.yml', 'esbuild.config.mjs', 'functions', 'dist']) {
        await cp(join(root, name), join(folder, name), { recursive: true })
      }
      return folder
    },
    remove: () => rm(home, { recursive: true, force: true }),
  }
}

const env = () => ({ PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' })
