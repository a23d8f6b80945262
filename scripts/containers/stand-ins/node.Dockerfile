# node:…-bookworm-slim: Node and npm as npm's registry has them.
FROM debian:bookworm-slim
COPY node/ /usr/local/
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && npm --version
CMD ["node"]
