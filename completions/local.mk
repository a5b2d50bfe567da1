# SPDX-License-Identifier: GPL-3.0-or-later
# completions/local.mk - what shells complete, made of one table of options.

EXTRA_DIST += \
	completions/engine.bash \
	completions/engine.fish \
	completions/engine.zsh \
	completions/generate.awk \
	completions/options

# The shells find it by the name of the command: bash and fish want a file for
# each, which zsh names in one.
bashcompletiondir = $(BASH_COMPLETION_DIR)
bashcompletion_DATA = \
	completions/bash/consumer \
	completions/bash/procq \
	completions/bash/procq-plot \
	completions/bash/procq-top \
	completions/bash/producer
zshcompletiondir = $(ZSH_COMPLETION_DIR)
zshcompletion_DATA = completions/zsh/_procq
fishcompletiondir = $(FISH_COMPLETION_DIR)
fishcompletion_DATA = \
	completions/fish/consumer.fish \
	completions/fish/procq.fish \
	completions/fish/procq-plot.fish \
	completions/fish/procq-top.fish \
	completions/fish/producer.fish
CLEANFILES += $(bashcompletion_DATA) $(zshcompletion_DATA) \
	$(fishcompletion_DATA)

completion_recipe = $(AM_V_GEN)$(MKDIR_P) $(@D) && \
	shell=`basename $(@D)` && \
	program=`basename $@ .fish` && \
	{ cat $(srcdir)/completions/engine.$$shell && \
	$(AWK) -v shell=$$shell -v program=$$program \
		-f $(srcdir)/completions/generate.awk \
		$(srcdir)/completions/options; } >$@-t && \
	mv $@-t $@
completion_parts = completions/generate.awk completions/options

$(bashcompletion_DATA): completions/engine.bash $(completion_parts)
	$(completion_recipe)
$(zshcompletion_DATA): completions/engine.zsh $(completion_parts)
	$(completion_recipe)
$(fishcompletion_DATA): completions/engine.fish $(completion_parts)
	$(completion_recipe)
