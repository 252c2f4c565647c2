// A whole AT Protocol network on this machine: directory, server of accounts with its firehose and, where a database
// and Redis are at hand, the view that counts, and moderation. Ends with its standard input.
//
//   node network.mjs FOLDER [SETTINGS]
//
// FOLDER holds node_modules and takes temporary files as TMPDIR says. SETTINGS is JSON: {"pds": {…}} goes to the server
// of accounts. Prints one line of JSON with the addresses, then one for each line that it is told:
//
//   {"do": "processAll"}                              the view has heard of everything
//   {"do": "account", "did": …, "status": …}          the firehose says so of an account: suspended …
//   {"do": "label", "subject": …, "values": […]}      moderators have labeled a post (its address) or an account (did)
//                                                     with "removed" they take labels back
//   {"do": "restart", "kept": …, "pds": {…}}          the server of accounts, with what it knew or with nothing
//   {"do": "close"}                                   the end
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [folder, given = '{}'] = process.argv.slice(2)
const found = createRequire(join(folder, 'here')).resolve('@atproto/dev-env')
const dev = await import(pathToFileURL(found).href)
const { EXAMPLE_LABELER, TestNetwork, TestNetworkNoAppView, TestPds, mockNetworkUtilities } = dev

const settings = JSON.parse(given)
const counted = Boolean(process.env.DB_POSTGRES_URL && process.env.REDIS_HOST)
// What a server of accounts must have again to be the same one after a restart.
const lasting = { plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'), ...memory() }

function memory() {
  const directory = mkdtempSync(join(tmpdir(), 'pds-'))
  return { dataDirectory: directory, blobstoreDiskLocation: join(directory, 'blobs') }
}

// With the view, a second server helps it to its feet: the two must not share a folder.
const network = counted
  ? await TestNetwork.create({ dbPostgresSchema: 'network', pds: settings.pds })
  : await TestNetworkNoAppView.create({ pds: { ...lasting, ...settings.pds } })

const actions = {
  processAll: async () => {
    await network.processAll(20_000)
    await network.bsky?.sub.processAll() // the last event may be read, and its sums not yet made
  },
  account: ({ did, status }) => network.pds.ctx.sequencer.sequenceAccount(did, status),
  label: async ({ subject, values = [], removed = [] }) => {
    const { db } = network.bsky.db
    const label = { uri: subject, cid: '', src: EXAMPLE_LABELER, neg: false, cts: new Date().toISOString() }
    for (const val of values) await db.insertInto('label').values({ ...label, val }).execute()
    const rows = db.deleteFrom('label').where('uri', '=', subject)
    if (removed.length > 0) await rows.where('val', 'in', removed).execute()
  },
  restart: async ({ kept, pds = {} }) => {
    const { port } = network.pds
    await network.pds.close()
    const known = { ...lasting, ...(kept ? {} : memory()) }
    network.pds = await TestPds.create({ didPlcUrl: network.plc.url, ...known, ...pds, port })
    mockNetworkUtilities(network.pds)
  },
}

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
say({ plc: network.plc.port, pds: network.pds.port, view: counted ? network.bsky.port : null })

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line)
  if (told.do === 'close') break
  try {
    await actions[told.do](told)
    say({ done: told.do })
  } catch (problem) {
    say({ error: String(problem?.stack ?? problem) })
  }
}
await network.close()
process.exit(0)
