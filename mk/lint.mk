lint: ## all static checks
	@echo 'lint: nothing yet'
