import type { MethodScope } from "./scopes.ts";

/**
 * The scope of every method of the protocol, implemented here or not (spec 3.7). A caller without it is
 * refused before anybody looks whether the method exists. For methods whose scope depends on their
 * parameters this is the least they need; their definition refines it (spec 3.4).
 */
const NAMES: Record<string, string> = {
  "operator.write":
    "agent agent.wait board.action board.event board.update board.widget.put chat.abort chat.send " +
    "chat.toolTitles computer.invoke doctor.memory.backfillDreamDiary doctor.memory.dedupeDreamDiary " +
    "doctor.memory.repairDreamingArtifacts doctor.memory.resetDreamDiary " +
    "doctor.memory.resetGroundedShortTerm fs.listDir mcp.app.callTool mcp.app.updateModelContext " +
    "message.action node.invoke node.pending.enqueue poll portal.close portal.open " +
    "progressCard.put progressCard.refresh projects.add push.test push.web.preferences.set " +
    "push.web.subscribe push.web.test push.web.unsubscribe push.web.vapidPublicKey send " +
    "session.discussion.open session.members.add session.members.remove session.publicShare.set " +
    "session.suggestions.add session.suggestions.resolve session.typing session.visibility.set " +
    "sessions.abort sessions.activitySummary.ensure sessions.assignOwner sessions.catalog.archive " +
    "sessions.catalog.continue sessions.companion.reset sessions.create sessions.delete sessions.dispatch " +
    "sessions.fork sessions.github.confirm sessions.goal.clear sessions.goal.update " +
    "sessions.groups.defaults sessions.groups.delete sessions.groups.put sessions.groups.rename " +
    "sessions.groups.update sessions.move sessions.patch sessions.patchMany " +
    "sessions.providerReview.continue sessions.reclaim sessions.recover sessions.send sessions.steer " +
    "sessions.title.prepare skills.library.activate skills.library.import skills.library.mutate " +
    "skills.library.save skills.library.upload taskSuggestions.create taskSuggestions.dismiss " +
    "tasks.cancel tasks.dismiss tasks.retry themes.import themes.set tools.invoke transcripts.summarize " +
    "tts.convert tts.disable tts.enable tts.setPersona tts.setProvider tts.speak ui.command " +
    "users.authConnect.answer users.authConnect.cancel users.authConnect.catalog users.authConnect.start " +
    "users.authConnect.status users.prefs.set users.selectModelAccount users.setAvatar " +
    "users.setDisplayName users.unlinkAuthProfile voicewake.set wake worktrees.branches worktrees.create",
  "operator.read":
    "agent.identity.get agents.files.get agents.files.list agents.list agents.workspace.get " +
    "agents.workspace.list artifacts.download artifacts.get artifacts.list assistant.media.get " +
    "audit.activity.list audit.list audit.run.inspect board.data.read board.get board.prompt.authorize " +
    "board.widget.appView canvas.document.preview canvas.document.view channels.status chat.history " +
    "chat.message.get chat.metadata chat.startup commands.list computer.status config.get config.schema " +
    "config.schema.lookup controlUi.githubDetail controlUi.githubPreview controlUi.linkPreview " +
    "controlUi.sessionPreview controlUi.sessionPullRequests.checks " +
    "controlUi.sessionPullRequests.subscribe cron.get cron.list cron.runs cron.status " +
    "device.scopes.requestUpgrade device.scopes.waitUpgrade diagnostics.lanes diagnostics.stability " +
    "doctor.memory.dreamDiary doctor.memory.status environments.list environments.session.status " +
    "environments.status gateway.identity.get gateway.restart.preflight gateway.suspend.status health " +
    "hooks.status last-heartbeat logs.tail mcp.app.listResourceTemplates mcp.app.listResources " +
    "mcp.app.listTools mcp.app.readResource mcp.app.view memory.search mentions.dismiss mentions.list " +
    "models.authStatus models.list node.describe node.list plugin.surface.refresh plugins.catalog.browse " +
    "plugins.catalog.categories plugins.catalog.get plugins.controlUi.list plugins.controlUi.report " +
    "plugins.inspect plugins.list plugins.search plugins.sessionAction plugins.skills.read plugins.uiDescriptors portal.list " +
    "progressCard.get projects.list projects.searchRemote push.web.preferences.get " +
    "session.discussion.info session.members.list session.members.listEvidence session.suggestions.list " +
    "sessions.branches.list sessions.catalog.list sessions.catalog.read sessions.companion.ask " +
    "sessions.companion.state sessions.describe sessions.diff sessions.files.get sessions.files.list " +
    "sessions.get sessions.github.options sessions.github.status sessions.groups.list sessions.list " +
    "sessions.messages.subscribe sessions.messages.unsubscribe sessions.observer.visibility " +
    "sessions.preview sessions.resolve sessions.search sessions.setInvolvement sessions.subscribe " +
    "sessions.usage sessions.usage.logs sessions.usage.timeseries sessions.viewers.set " +
    "skills.curator.status skills.detail skills.library.list skills.library.read " +
    "skills.proposals.events.list skills.proposals.historyStatus skills.proposals.inspect " +
    "skills.proposals.list skills.search skills.securityVerdicts skills.skillCard skills.status " +
    "skills.workshop.read status system-presence system.info talk.catalog talk.config " +
    "taskSuggestions.list tasks.get tasks.history tasks.list themes.get themes.list tools.catalog " +
    "tools.effective tools.github.status transcripts.export transcripts.get transcripts.list " +
    "transcripts.status tts.personas tts.providers tts.status usage.cost usage.status " +
    "users.github.authorize.cancel users.github.authorize.poll users.github.authorize.start " +
    "users.github.disconnect users.github.status users.list users.listAuthLinks users.listModelAccounts " +
    "users.mentionable users.prefs.get users.self voicewake.get voicewake.routing.get webSearch.status " +
    "worktrees.list",
  "operator.admin":
    "agents.create agents.delete agents.files.set agents.update attach.grant attach.revoke " +
    "channels.logout channels.start channels.stop chat.inject claws.monitors claws.packages.remove " +
    "config.apply config.openFile config.patch config.set connect conversations.list conversations.send " +
    "conversations.turn conversations.turn.cancel cron.add cron.remove cron.run cron.scratch.get " +
    "cron.scratch.set cron.update desktop.launch desktop.observe desktop.release device.pair.setupCode " +
    "device.pair.setupStatus diagnostics.cpuProfile diagnostics.heapProfile environments.create " +
    "environments.destroy environments.prepare environments.session.create environments.session.destroy " +
    "environments.session.exec exec.approvals.get exec.approvals.node.get exec.approvals.node.set " +
    "exec.approvals.set gateway.restart.request gateway.suspend.handoff gateway.suspend.prepare " +
    "gateway.suspend.resume mcp.authLogin migrations.memory.apply migrations.memory.plan models.authLogin " +
    "models.authLogout models.authOrderSet models.authRefresh models.authSetApiKey models.probe " +
    "nativeHook.invoke openclaw.changes.list openclaw.chat openclaw.chat.history openclaw.setup.activate " +
    "openclaw.setup.activate.start openclaw.setup.auth.start openclaw.setup.detect " +
    "openclaw.setup.prepare.start openclaw.setup.verify plugins.controlUi.reload plugins.controlUi.status " +
    "plugins.credentials.inspect plugins.install plugins.refresh plugins.reload plugins.setEnabled " +
    "plugins.uninstall projects.register projects.remove secrets.reload secrets.resolve " +
    "secrets.store.delete secrets.store.list secrets.store.set sessions.branches.switch " +
    "sessions.catalog.startTerminal sessions.cleanup sessions.compact sessions.files.reveal " +
    "sessions.files.set sessions.pluginPatch sessions.reset sessions.rewind sessions.storage.run " +
    "sessions.storage.status set-heartbeats skills.curator.pin skills.curator.restore " +
    "skills.curator.unpin skills.install skills.proposals.apply skills.proposals.create " +
    "skills.proposals.evaluate skills.proposals.historyScan skills.proposals.quarantine " +
    "skills.proposals.reject skills.proposals.requestRevision skills.proposals.revise " +
    "skills.proposals.update skills.update skills.upload.begin skills.upload.chunk skills.upload.commit " +
    "system-event taskSuggestions.accept terminal.attach terminal.close terminal.input terminal.list " +
    "terminal.open terminal.resize terminal.upload tools.github.authorize.cancel " +
    "tools.github.authorize.poll tools.github.authorize.start tools.github.configure update.hold " +
    "update.report update.run update.runs.get update.runs.list update.status users.linkAuthProfile " +
    "users.linkChannelIdentity users.linkEmail users.listChannelIdentities users.setRole " +
    "users.unlinkChannelIdentity web.login.start web.login.wait webSearch.test wizard.cancel wizard.next " +
    "wizard.start wizard.status worker.desktop.launch worker.desktop.observe worktrees.gc " +
    "worktrees.remove worktrees.restore",
  "operator.approvals":
    "approval.get approval.history approval.resolve board.widget.grant exec.approval.get " +
    "exec.approval.grants.list exec.approval.grants.revoke exec.approval.list exec.approval.request " +
    "exec.approval.resolve exec.approval.waitDecision openclaw.approval.list plugin.approval.list " +
    "plugin.approval.request plugin.approval.resolve plugin.approval.waitDecision",
  "operator.pairing":
    "channels.pairing.approve channels.pairing.dismiss channels.pairing.list device.pair.approve " +
    "device.pair.list device.pair.reject device.pair.remove device.pair.rename device.token.revoke " +
    "device.token.rotate node.pair.approve node.pair.list node.pair.reject node.pair.remove node.rename",
  node:
    "node.event node.invoke.progress node.invoke.result node.pending.ack node.pending.drain " +
    "node.pending.pull node.pluginSurface.refresh node.pluginTools.update node.runnerInventory.update " +
    "node.skills.update skills.bins",
  "operator.questions": "question.get question.list question.request question.resolve question.waitAnswer",
  "operator.sessions.write": "sessions.github.publish",
  "operator.talk":
    "talk.client.close talk.client.create talk.client.steer talk.client.toolCall talk.client.transcript " +
    "talk.mode talk.session.acknowledgeMark talk.session.appendAudio talk.session.cancelOutput " +
    "talk.session.close talk.session.create talk.session.steer talk.session.submitToolResult talk.speak " +
    "talk.voice.complete talk.voice.get talk.voice.set",
};

const SCOPES = new Map<string, MethodScope>();
for (const [scope, names] of Object.entries(NAMES)) {
  for (const name of names.split(" ")) SCOPES.set(name, scope as MethodScope);
}
// Answered to every authenticated connection, whatever it holds (spec 3.1).
SCOPES.set("health", "none");

/** Methods whose scope depends on their parameters. */
export const DYNAMIC_SCOPE_METHODS: ReadonlySet<string> = new Set(
  (
    "agent channels.pairing.approve environments.list fs.listDir node.invoke plugins.sessionAction " +
    "sessions.create sessions.delete sessions.dispatch sessions.move sessions.patch sessions.patchMany " +
    "talk.config"
  ).split(" "),
);

/** Methods under the control-plane write limit (spec 3.6). */
export const RATE_LIMITED_METHODS: ReadonlySet<string> = new Set(
  (
    "attach.grant claws.monitors claws.packages.remove config.apply config.patch cron.add cron.remove " +
    "cron.run cron.update environments.create environments.destroy environments.prepare " +
    "environments.session.create environments.session.destroy gateway.restart.request " +
    "gateway.suspend.handoff gateway.suspend.prepare mcp.authLogin migrations.memory.apply " +
    "models.authLogin models.authLogout models.authOrderSet models.authRefresh models.authSetApiKey " +
    "plugins.controlUi.reload plugins.install plugins.refresh plugins.reload plugins.setEnabled " +
    "plugins.uninstall portal.close portal.open projects.add secrets.store.delete secrets.store.set " +
    "sessions.companion.reset sessions.dispatch sessions.github.confirm sessions.github.publish " +
    "sessions.move sessions.reclaim sessions.title.prepare skills.proposals.evaluate " +
    "tools.github.authorize.cancel tools.github.authorize.poll tools.github.authorize.start " +
    "tools.github.configure update.hold update.report update.run users.github.authorize.cancel " +
    "users.github.authorize.poll users.github.authorize.start users.github.disconnect worktrees.create " +
    "worktrees.gc worktrees.remove worktrees.restore"
  ).split(" "),
);

/** The least scope of a protocol method; `undefined` for a name the protocol does not know. */
export function scopeOf(method: string): MethodScope | undefined {
  return SCOPES.get(method);
}
