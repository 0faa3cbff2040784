import { createChatCompletion } from './create-chat-completion.ts';

export const chatRoutes = [createChatCompletion];
