import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  ChannelType,
  InteractionContextType,
  PermissionFlagsBits,
} from 'discord.js';
import type {
  APIApplicationCommandBasicOption,
  RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord.js';
import { failureCodes } from '../../failure.ts';
import { labelCorners, labelSizes, labelWords } from '../../marking/label.ts';
import { localised, localisedChoice, subcommand, subcommandGroup } from '../support/localise.ts';
import { recordRetentionDays } from '../../retention.ts';

const {
  String: string,
  Boolean: boolean,
  Integer: integer,
  User,
  Role,
  Channel,
} = ApplicationCommandOptionType;

/** A ULID has 26 characters; what surrounds a pasted one is cut off. */
const idCharacters = 64;
/** of a reason or a message; what is stored takes 500 */
export const reasonCharacters = 300;
const spanCharacters = 20;
const filterCharacters = 200;
/** of a text that is tried against the filters: as long as a prompt */
const textCharacters = 4000;

const id = (required: boolean): APIApplicationCommandBasicOption => ({
  type: string,
  ...localised('id', 'command.queue.option_id'),
  required,
  max_length: idCharacters,
  autocomplete: true,
});
const user = (required: boolean): APIApplicationCommandBasicOption => ({
  type: User,
  ...localised('user', 'command.queue.option_user'),
  required,
});
const reason: APIApplicationCommandBasicOption = {
  type: string,
  ...localised('reason', 'command.queue.option_reason'),
  max_length: reasonCharacters,
};
const span: APIApplicationCommandBasicOption = {
  type: string,
  ...localised('for', 'command.queue.option_for'),
  max_length: spanCharacters,
};
const number = (
  name: 'waiting' | 'gpu_minutes' | 'cooldown' | 'video_length' | 'weight' | 'queue_length',
): APIApplicationCommandBasicOption => ({
  type: string,
  ...localised(name, `command.queue.option_${name}`),
  max_length: spanCharacters,
});
const server: APIApplicationCommandBasicOption = {
  type: string,
  ...localised('server', 'command.queue_admin.option_server'),
  max_length: idCharacters,
  autocomplete: true,
};
const message: APIApplicationCommandBasicOption = {
  type: string,
  ...localised('message', 'command.queue_admin.option_message'),
  max_length: reasonCharacters,
};

/** The same words for a server's moderators and for owners. */
const filters = subcommandGroup('filter', 'command.queue.filter', [
  subcommand('add', 'command.queue.filter_add', [
    {
      type: string,
      ...localised('text', 'command.queue.option_text'),
      required: true,
      max_length: filterCharacters,
    },
    {
      type: string,
      ...localised('kind', 'command.queue.option_kind'),
      choices: (['word', 'pattern'] as const).map((kind) => localisedChoice(kind, `queue.filter.${kind}`)),
    },
  ]),
  subcommand('remove', 'command.queue.filter_remove', [
    {
      type: string,
      ...localised('filter', 'command.queue.option_filter'),
      required: true,
      max_length: idCharacters,
      autocomplete: true,
    },
  ]),
  subcommand('test', 'command.queue.filter_test', [
    {
      type: string,
      ...localised('text', 'command.queue.option_text'),
      required: true,
      max_length: textCharacters,
    },
  ]),
  subcommand('list', 'command.queue.filter_list'),
]);

/** `/queue`: Discord shows it to who may manage messages, on servers that the bot is a member of. */
export function declareQueue(): RESTPostAPIChatInputApplicationCommandsJSONBody {
  return {
    type: ApplicationCommandType.ChatInput,
    ...localised('queue', 'command.queue'),
    integration_types: [ApplicationIntegrationType.GuildInstall],
    contexts: [InteractionContextType.Guild],
    default_member_permissions: String(PermissionFlagsBits.ManageMessages),
    options: [
      subcommand('list', 'command.queue.list'),
      subcommand('show', 'command.queue.show', [id(true)]),
      subcommand('cancel', 'command.queue.cancel', [id(true), reason]),
      subcommand('clear', 'command.queue.clear', [user(false)]),
      subcommand('bump', 'command.queue.bump', [id(true)]),
      subcommand('pause', 'command.queue.pause', [reason, span]),
      subcommand('resume', 'command.queue.resume'),
      subcommand('ban', 'command.queue.ban', [user(true), span, reason]),
      subcommand('unban', 'command.queue.unban', [user(true)]),
      subcommand('bans', 'command.queue.bans'),
      subcommandGroup('limits', 'command.queue.limits', [
        subcommand('show', 'command.queue.limits_show'),
        subcommand('set', 'command.queue.limits_set', [
          { type: Role, ...localised('role', 'command.queue.option_role') },
          number('waiting'),
          number('gpu_minutes'),
          number('cooldown'),
          number('video_length'),
          number('weight'),
          number('queue_length'),
        ]),
      ]),
      subcommand('stats', 'command.queue.stats'),
      filters,
      subcommand('log', 'command.queue.log', [
        {
          type: Channel,
          ...localised('channel', 'command.queue.option_channel'),
          channel_types: [
            ChannelType.GuildText,
            ChannelType.GuildAnnouncement,
            ChannelType.PublicThread,
            ChannelType.PrivateThread,
          ],
        },
        { type: boolean, ...localised('off', 'command.queue.option_off') },
      ]),
      subcommand('settings', 'command.queue.settings', [
        { type: boolean, ...localised('rerun_others', 'command.queue.option_rerun_others') },
        {
          type: integer,
          ...localised('keep_days', 'command.queue.option_keep_days'),
          min_value: 1,
          max_value: recordRetentionDays,
        },
        { type: boolean, ...localised('ask_each_time', 'command.queue.option_ask_each_time') },
        {
          type: string,
          ...localised('label_words', 'command.queue.option_label_words'),
          choices: labelWords.map((words) => localisedChoice(words, `label.${words}`)),
        },
        {
          type: string,
          ...localised('label_size', 'command.queue.option_label_size'),
          choices: labelSizes.map((size) => localisedChoice(size, `label.${size}`)),
        },
        {
          type: string,
          ...localised('label_corner', 'command.queue.option_label_corner'),
          choices: labelCorners.map((corner) => localisedChoice(corner, `label.${corner}`)),
        },
      ]),
      subcommand('audit', 'command.queue.audit'),
      subcommand('reports', 'command.queue.reports'),
      subcommand('blocks', 'command.queue.blocks'),
    ],
  };
}

/** `/queue-admin`: in servers Discord shows it to administrators alone; the handler asks for an owner everywhere. */
export function declareQueueAdmin(): RESTPostAPIChatInputApplicationCommandsJSONBody {
  return {
    type: ApplicationCommandType.ChatInput,
    ...localised('queue-admin', 'command.queue_admin'),
    integration_types: [ApplicationIntegrationType.GuildInstall],
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    default_member_permissions: '0',
    options: [
      subcommand('pause', 'command.queue_admin.pause', [reason, span]),
      subcommand('resume', 'command.queue_admin.resume'),
      subcommand('drain', 'command.queue_admin.drain', [message]),
      subcommand('undrain', 'command.queue_admin.undrain'),
      subcommand('workers', 'command.queue_admin.workers'),
      subcommand('gpus', 'command.queue_admin.gpus', [
        {
          type: string,
          ...localised('do', 'command.queue_admin.option_do'),
          choices: (['start', 'stop'] as const).map((what) =>
            localisedChoice(what, `queue_admin.gpus.${what}`),
          ),
        },
        {
          type: string,
          ...localised('gpu', 'command.queue_admin.option_gpu'),
          max_length: idCharacters,
          autocomplete: true,
        },
      ]),
      subcommand('retry', 'command.queue_admin.retry', [
        id(false),
        {
          type: string,
          ...localised('code', 'command.queue_admin.option_code'),
          choices: failureCodes.map((code) => ({ name: code, value: code })),
        },
      ]),
      subcommand('maintenance', 'command.queue_admin.maintenance', [message]),
      subcommand('marking', 'command.queue_admin.marking', [
        { type: boolean, ...localised('label', 'command.queue_admin.option_label') },
      ]),
      subcommand('audit', 'command.queue_admin.audit'),
      subcommand('ban', 'command.queue_admin.ban', [user(true), span, reason]),
      subcommand('unban', 'command.queue.unban', [user(true)]),
      subcommand('bans', 'command.queue.bans'),
      subcommandGroup('limits', 'command.queue.limits', [
        subcommand('show', 'command.queue_admin.limits_show'),
        subcommand('set', 'command.queue_admin.limits_set', [
          number('waiting'),
          number('gpu_minutes'),
          number('cooldown'),
          {
            type: string,
            ...localised('budget', 'command.queue_admin.option_budget'),
            max_length: spanCharacters,
          },
        ]),
      ]),
      filters,
      subcommandGroup('allow', 'command.queue_admin.allow', [
        subcommand('add', 'command.queue_admin.allow_add', [server, user(false)]),
        subcommand('remove', 'command.queue_admin.allow_remove', [server, user(false)]),
        subcommand('list', 'command.queue_admin.allow_list'),
      ]),
    ],
  };
}
