import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** AWS as one stack sees it that is asked for its template. */
export interface CloudFormation {
  /** By IP, with which Serverless reaches it. */
  readonly endpoint: string
  /** The actions asked for, in their order, each with its parameters. */
  readonly asked: readonly string[]
  close(): void
}

/** Answers `GetTemplate` in the real protocol with the given status, and refuses all else. */
export async function cloudFormation(status: number, answer: string): Promise<CloudFormation> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      asked.push(body)
      const isKnown = body.includes('Action=GetTemplate&')
      response.writeHead(isKnown ? status : 400, { 'content-type': 'text/xml' })
      response.end(isKnown ? answer : failed('Unknown', 'only GetTemplate is known here'))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { endpoint, asked, close: () => void server.close() }
}

/** The answer that has a template. */
export function template(body: string): string {
  const text = body.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<GetTemplateResponse><GetTemplateResult><TemplateBody>${text}</TemplateBody></GetTemplateResult></GetTemplateResponse>`
}

/** The answer that something failed. */
export function failed(code: string, message: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
}
